"""Foreign servers that a dump brought into a database of ours: kept from what they reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_safe.databases.postgresql.belongings import ident, literal

if TYPE_CHECKING:
    from alembic_safe.databases.postgresql.database import PostgresDatabase

# where no socket is; an absolute path is a folder of sockets to libpq, so that no name is looked up
NOWHERE = "/alembic-safe/nowhere"
_MAPPINGS = """
SELECT srvname::text, CASE WHEN umuser = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(usename) END
FROM pg_catalog.pg_user_mappings
"""
# those whose options are libpq's own
_SERVERS = """
SELECT s.srvname::text, ARRAY(SELECT option_name::text FROM pg_catalog.pg_options_to_table(s.srvoptions))
FROM pg_catalog.pg_foreign_server AS s JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
WHERE w.fdwname IN ('postgres_fdw', 'dblink_fdw')
"""
# ANALYZE of a table samples its children too, and asks foreign ones where they are
_WITH_FOREIGN_CHILDREN = """
WITH RECURSIVE above(oid) AS (
  SELECT i.inhparent FROM pg_catalog.pg_inherits AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relkind = 'f'
  UNION SELECT i.inhparent FROM pg_catalog.pg_inherits AS i JOIN above ON i.inhrelid = above.oid
)
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.oid IN (SELECT oid FROM above), c.reltuples >= 0
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'p') AND c.oid >= 16384 AND n.nspname !~ '^pg_'
"""


def cut_off(database: PostgresDatabase) -> None:
    """Drop every user mapping, and lead PostgreSQL's own kinds of foreign server nowhere."""
    for server, user in database.fetch(_MAPPINGS):
        database.execute(f"DROP USER MAPPING FOR {user} SERVER {ident(server)}")
    for server, options in database.fetch(_SERVERS):
        changed = [f"{'SET' if 'host' in options else 'ADD'} host {literal(NOWHERE)}"]
        # an address and a service's one come before the host
        changed += [f"DROP {name}" for name in ("hostaddr", "service") if name in options]
        database.execute(f"ALTER SERVER {ident(server)} OPTIONS ({', '.join(changed)})")


def analyze(database: PostgresDatabase, *, known: bool = True) -> None:
    """ANALYZE all but what would ask a foreign server; `known` False: of that, what has no statistics yet."""
    tables = database.fetch(_WITH_FOREIGN_CHILDREN)
    here = [str(name) for name, asks, done in tables if not asks and (known or not done)]
    if len(here) == len(tables):
        database.execute("ANALYZE")
    elif here:
        database.execute(f"ANALYZE {', '.join(here)}")
