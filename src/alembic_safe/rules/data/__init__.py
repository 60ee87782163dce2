"""Rules on rows that revisions change."""
