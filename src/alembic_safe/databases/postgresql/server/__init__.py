"""Temporary PostgreSQL servers: for scratch databases, the demo and the tests. Never one with a user's data.

`find_binaries` says which PostgreSQLs this machine has, `TemporaryServer` runs one of them.
"""

from alembic_safe.databases.postgresql.server.binaries import Binaries, choose, find_binaries
from alembic_safe.databases.postgresql.server.temporary import TemporaryServer

__all__ = ["Binaries", "TemporaryServer", "choose", "find_binaries"]
