"""What tells a database from every other for good, as far as it can be known: for a journal that several share.

A server's own identifier is made by initdb, and its replicas have it too: a promoted one goes on, and a copy of the
server's files cannot be told from it. Within a server the oid stays through a rename, the name through a restore that
puts another database in its place.
"""

from __future__ import annotations

from pathlib import Path

from alembic_safe.databases._reading import system_identifier
from alembic_safe.model.protocols import Database
from alembic_safe.model.runs import Origin

# SELECT on pg_database and EXECUTE on this function are everybody's unless a DBA took them away
_ASKED = """SELECT (SELECT oid::text FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
 pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')"""


def origin_of(database: Database) -> Origin:
    """Where `database` is: see `Origin`. Its address stands for a server whose identifier this role may not read."""
    facts = database.facts
    if facts.dialect == "sqlite":
        path = str(Path(facts.database).resolve()) if facts.database else ""
        return Origin("sqlite", "", path, path)
    ((oid, told),) = database.fetch(_ASKED)
    system = system_identifier(database) if told else ""
    return Origin(system, facts.address.removesuffix(f"/{facts.database}"), facts.database, str(oid))
