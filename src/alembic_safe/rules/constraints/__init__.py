"""Rules on constraints."""
