"""Rules on what SQLite does otherwise: its few forms of ALTER TABLE, and the copies of alembic's batch mode."""
