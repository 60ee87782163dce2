"""Rules on tables, partitions and views."""
