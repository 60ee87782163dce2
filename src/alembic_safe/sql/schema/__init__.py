"""The schema as the statements so far leave it: what a review without a database knows of old tables."""
