"""The schema of a database as its server's own pg_dump writes it, and such a text loaded into an empty database."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from alembic_safe.databases.postgresql.clients import Client, find_dump_client
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.environment import tool_environment
from alembic_safe.databases.postgresql.tool_faults import first_fault
from alembic_safe.databases.process import run_tool
from alembic_safe.errors import BackupError
from alembic_safe.quick import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from alembic_safe.model.protocols import Database

# a short wait: somebody's ALTER that is under way should be said, not waited out
LOCK_WAIT = "20s"
_PSQL = re.compile(r"^\\(?:un)?restrict .*$", re.MULTILINE)
_WHAT = (
    "--schema-only",
    "--no-owner",
    "--no-privileges",
    "--no-tablespaces",
    "--no-table-access-method",
    "--no-security-labels",
    "--no-subscriptions",  # they hold passwords, and are the server's own matter
    "--no-password",
    "--encoding=UTF8",
    f"--lock-wait-timeout={LOCK_WAIT}",
)


@dataclass(frozen=True, slots=True)
class SchemaTool:
    """pg_dump of a server's own major for the databases of that server; `environment` holds the password."""

    client: Client
    environment: Mapping[str, str] = field(repr=False)
    conninfo: str = field(repr=False)

    def write(
        self,
        database: str,
        *,
        schemas_left_out: Sequence[str],
        tables_left_out: Sequence[str],
        tick: Callable[[], None],
    ) -> str:
        """The schema of `database`: without owners, grants and storage, and without what is left out.

        Names are exact; tables are of any schema where they name none, quoted as SQL has them. Raises `BackupError`.
        """
        quoted = database.replace("\\", "\\\\").replace("'", "\\'")
        command = [
            str(self.client.bindir / "pg_dump"),
            f"--dbname={self.conninfo} dbname='{quoted}'",
            *_WHAT,
            *(f"--exclude-schema={_exact(name)}" for name in schemas_left_out),
            *(f"--exclude-table={name}" for name in tables_left_out),
        ]
        text = bytearray()
        ended = run_tool(command, environment=self.environment, tick=tick, take=text.extend)
        if ended.status != 0:
            secret = self.environment.get("PGPASSWORD")
            said = ended.said.replace(secret, "***") if secret else ended.said
            raise BackupError(
                f"the schema of {database} cannot be read: {first_fault(ended, 'pg_dump')}",
                hint="The role must be able to read every table: grant it pg_read_all_data, or set `control-url`.",
                detail=said,
            )
        return _PSQL.sub("", text.decode("utf-8", errors="surrogateescape"))


def find_schema_tool(database: Database, bindir: Path | None) -> SchemaTool:
    """The tool for the server of `database`. Raises `BackupError` where no client of its major is at hand."""
    if not isinstance(database, PostgresDatabase):
        raise TypeError("a schema's text is PostgreSQL's")
    major = database.facts.version_number // 10_000
    client = find_dump_client(major, bindir=bindir, server_bindir=None if bindir else database.bindir())
    environment, conninfo = tool_environment(database.connected.connection, database.connected.keywords)
    environment["PGAPPNAME"] = "alembic-safe/schema"
    return SchemaTool(client, environment, conninfo)


def load_schema(database: Database, text: str) -> None:
    """Run a schema's text in an empty database, all in one transaction.

    The server runs the statements of one message so (documentation, "Multiple Statements in a Simple Query").
    Raises what the server says as `AlembicSafeError`.
    """
    database.execute(text)


def _exact(name: str) -> str:
    """A pattern that fits this name alone (psql's documentation, "Patterns")."""
    return '"' + name.replace('"', '""') + '"'
