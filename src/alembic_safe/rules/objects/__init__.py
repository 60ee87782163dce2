"""Rules on types, sequences, triggers, policies and other objects."""
