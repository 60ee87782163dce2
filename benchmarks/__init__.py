"""What alembic-safe costs, each time against what its user would run instead, in the same run."""
