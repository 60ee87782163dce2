"""The worker's side of the bridge: the only code that runs in one process with the project's own.

Nothing outside this package imports alembic or SQLAlchemy.
"""
