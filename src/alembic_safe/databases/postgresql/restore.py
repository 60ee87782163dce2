"""Load a dump into a database that stands for it, and read both schemas as the server's own tools write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_safe.databases.postgresql.clients import Client, find_dump_client
from alembic_safe.databases.postgresql.encodings import decoded
from alembic_safe.databases.postgresql.environment import bare_environment, tool_environment
from alembic_safe.databases.postgresql.objects import objects_of
from alembic_safe.databases.postgresql.tool_faults import first_fault
from alembic_safe.databases.process import Ended, run_tool
from alembic_safe.errors import BackupError, RefusedError
from alembic_safe.model.secrets import hide
from alembic_safe.quick import dataclass

if TYPE_CHECKING:
    from alembic_safe.databases.postgresql.database import PostgresDatabase
    from alembic_safe.databases.postgresql.objects import SchemaObject

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class PostgresRestore:
    """pg_restore and pg_dump of the server's major; `environment` holds how to connect, the password included."""

    client: Client
    environment: Mapping[str, str] = field(repr=False)
    conninfo: str = field(repr=False)

    @property
    def version(self) -> str:
        return self.client.version

    def load(
        self,
        folder: Path,
        database: str,
        *,
        jobs: int,
        tick: Tick,
        own: bool = True,
        subscriptions: bool = True,
    ) -> None:
        """Restore the dump in `folder` into the empty `database`; the first error ends it (`BackupError`).

        `own` False: everything is this role's, and nobody is granted anything. `subscriptions` False: without them.
        """
        command = [
            str(self.client.bindir / "pg_restore"),
            f"--dbname={self._reaching(database)}",
            f"--jobs={jobs}",
            "--exit-on-error",
            "--no-password",
            *(() if own else ("--no-owner", "--no-privileges")),
            *(() if subscriptions else ("--no-subscriptions",)),
            str(folder),
        ]
        ended = run_tool(command, environment=self.environment, tick=tick)
        if ended.status != 0:
            raise self._failure(ended, database)

    def dumped_objects(self, folder: Path, *, tick: Tick) -> dict[SchemaObject, str]:
        """The objects that the dump in `folder` holds. Connects nowhere."""
        command = [str(self.client.bindir / "pg_restore"), "--schema-only", "--file=-", str(folder)]
        return self._objects(command, bare_environment(), tick)

    def objects(self, database: str, *, tick: Tick) -> dict[SchemaObject, str]:
        """The objects that `database` holds now."""
        command = [
            str(self.client.bindir / "pg_dump"),
            f"--dbname={self._reaching(database)}",
            "--schema-only",
            "--no-password",
        ]
        return self._objects(command, self.environment, tick)

    def _objects(
        self, command: list[str], environment: Mapping[str, str], tick: Tick
    ) -> dict[SchemaObject, str]:
        text = bytearray()
        ended = run_tool(command, environment=environment, tick=tick, take=text.extend)
        if ended.status != 0:
            raise BackupError(
                f"the schema cannot be read: {self._masked(first_fault(ended, 'pg_restore'))}",
                detail=self._masked(ended.said),
            )
        return objects_of(decoded(bytes(text)))

    def _reaching(self, database: str) -> str:
        quoted = database.replace("\\", "\\\\").replace("'", "\\'")
        return f"{self.conninfo} dbname='{quoted}'".strip()

    def _failure(self, ended: Ended, database: str) -> BackupError:
        fault = self._masked(first_fault(ended, "pg_restore"))
        return BackupError(
            f"the backup could not be restored into {database}: {fault}",
            hint=_advice(fault),
            detail=self._masked(ended.said),
        )

    def _masked(self, said: str) -> str:
        return hide(said, (self.environment.get("PGPASSWORD", ""),))


def find_restore_tool(database: PostgresDatabase, bindir: Path | None, dump_major: int) -> PostgresRestore:
    """The tools that restore to the server of `database` a dump that a pg_dump of `dump_major` wrote.

    Raises `RefusedError` where the server is older than the dump, `BackupError` where no client is at hand.
    """
    major = database.facts.version_number // 10_000
    if major < dump_major:
        raise RefusedError(
            f"the backup is of PostgreSQL {dump_major}, and {database.facts.address} is of {major}",
            hint="Restore to a server of the same major version, or a newer one: `--restore-url` names it.",
        )
    client = find_dump_client(major, bindir=bindir, server_bindir=None if bindir else database.bindir())
    environment, conninfo = tool_environment(database.connected.connection, database.connected.keywords)
    environment["PGAPPNAME"] = "alembic-safe/restore"
    return PostgresRestore(client, environment, conninfo)


def _advice(fault: str) -> str:
    if re.search(r'role "[^"]*" does not exist', fault):
        return (
            "Create the role on this server (`pg_dumpall --roles-only` shows its attributes), then try again."
        )
    if "is not available" in fault or "could not open extension control file" in fault:
        return "Install the extension on this server, then run the same command again."
    if "permission denied" in fault or "must be" in fault:
        return "Restore as the owner of the objects or as a superuser: set `control-url` (elsewhere `--restore-url`)."
    return "The live database was not touched. See the tool's own words below."
