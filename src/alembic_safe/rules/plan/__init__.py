"""Rules on revisions and the plan as a whole."""
