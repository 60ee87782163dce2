"""Rules on columns."""
