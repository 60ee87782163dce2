"""alembic-safe: alembic migrations with a verified backup, a journal and a way out of every broken state.

The public Python API is `alembic_safe.workflow`; this package itself imports nothing, so that
`alembic-safe --help` stays quick.
"""

__version__ = "0.1.0"
