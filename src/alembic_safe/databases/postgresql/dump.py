"""Dump a database with the server's own pg_dump, and read a dump whole with pg_restore. Implements `Dump`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_safe.databases.postgresql.clients import Client, find_dump_client, major_of
from alembic_safe.databases.postgresql.counting import RowCounter
from alembic_safe.databases.postgresql.dumpable import can_compress, may_not_read, unreadable
from alembic_safe.databases.postgresql.environment import bare_environment, tool_environment
from alembic_safe.databases.postgresql.patterns import all_but
from alembic_safe.databases.postgresql.tool_faults import first_fault
from alembic_safe.databases.process import Ended, run_tool
from alembic_safe.errors import BackupError, CredentialsError
from alembic_safe.model.backups import WHOLE, DumpContent, TableContent
from alembic_safe.model.secrets import hide
from alembic_safe.quick import dataclass

if TYPE_CHECKING:
    from alembic_safe.databases.postgresql.connection import Connected
    from alembic_safe.databases.postgresql.database import PostgresDatabase

# How long pg_dump may wait for the shared lock on a table: somebody's VACUUM FULL must not hang a deploy.
LOCK_WAIT = "120s"
_STATISTICS_FROM = 18
# How servers, and what stands before them, refuse a login (src/backend/libpq/auth.c; clouds' tokens say PAM).
_REFUSED = re.compile(
    r"(password|PAM|LDAP|GSSAPI|certificate|OAuth bearer|SCRAM) authentication failed|password has expired"
    r"|no password supplied|token (has )?expired|role .* is not permitted to log in",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PostgresReader:
    """Reads dumps; connects nowhere."""

    client: Client

    @property
    def engine(self) -> str:
        return "pg_dump"

    @property
    def version(self) -> str:
        return self.client.version

    def read(self, folder: Path, *, tick: Callable[[], None]) -> tuple[TableContent, ...]:
        """Have pg_restore turn the whole dump into SQL, and count rows by table in it."""
        counter = RowCounter()
        command = [str(self.client.bindir / "pg_restore"), "--file=-", str(folder)]
        ended = run_tool(command, environment=bare_environment(), tick=tick, take=counter.feed)
        if ended.status != 0:
            raise BackupError(
                f"the dump cannot be read: {first_fault(ended, 'pg_restore')}",
                hint="The backup is of no use: make another with `alembic-safe backup create`.",
                detail=ended.said,
            )
        return counter.finish()


@dataclass(frozen=True, slots=True)
class PostgresDump(PostgresReader):
    """Dumps one database; `environment` holds how to connect, the password included."""

    environment: Mapping[str, str] = field(repr=False)
    conninfo: str = field(repr=False)
    address: str
    utf8: bool = True
    unreadable: tuple[str, ...] = ()

    def check(self, compression: str) -> None:
        """See `Dump.check`. Whether this build has zstd is asked of it, not inferred from its version."""
        if self.unreadable:
            raise may_not_read(self.unreadable, self.address)
        if not can_compress(self.client, compression):
            raise BackupError(
                f"pg_dump {self.version} in {self.client.bindir} cannot compress with {compression}",
                hint="Set `backup-compression` to gzip, gzip:LEVEL or none, or `pg-bindir` to a client that can.",
            )

    def write(
        self,
        folder: Path,
        *,
        jobs: int,
        compression: str,
        tick: Callable[[], None],
        content: DumpContent = WHOLE,
    ) -> None:
        """Dump in the directory format, all in one snapshot. See `Dump.write`."""
        command = dump_command(self.client, folder, jobs=jobs, compression=compression)
        command += content_arguments(content, utf8=self.utf8)
        if content.statistics and dumps_statistics(self.client.version):
            command.append("--statistics")
        if self.conninfo:
            command.append(f"--dbname={self.conninfo}")
        ended = run_tool(command, environment=self.environment, tick=tick)
        if ended.status != 0:
            raise self._failure(ended, compression)

    def _failure(self, ended: Ended, compression: str) -> BackupError:
        secrets = (self.environment.get("PGPASSWORD", ""),)
        fault = hide(first_fault(ended, "pg_dump"), secrets)
        said = hide(ended.said, secrets)
        if re.search(
            r"invalid compression|-Z/--compress|requested compression|not support compression", fault
        ):
            return BackupError(
                f"pg_dump {self.version} cannot compress with {compression}: {fault}",
                hint="Set `backup-compression` to gzip, gzip:LEVEL or none.",
                detail=said,
            )
        if _REFUSED.search(said):
            return CredentialsError(
                f"pg_dump could not log in to {self.address}: {fault}",
                hint="The password or token that env.py connected with is no longer taken: it expires too soon, or"
                " was changed. Let env.py make a new one at each connect, or set `control-url`.",
                detail=said,
            )
        return BackupError(
            f"pg_dump failed on {self.address}: {fault}",
            hint=_advice(said),
            detail=said,
        )


def dump_command(client: Client, folder: Path, *, jobs: int, compression: str) -> list[str]:
    """pg_dump's command line, connection apart; `compression` see `BackupPolicy`."""
    command = [
        str(client.bindir / "pg_dump"),
        "--format=directory",
        f"--jobs={jobs}",
        f"--file={folder}",
        "--no-password",
        f"--lock-wait-timeout={LOCK_WAIT}",
    ]
    method, _, level = compression.partition(":")
    # Only what every version takes: gzip is the directory format's default, a bare number its level.
    if method == "none":
        command.append("--compress=0")
    elif method == "gzip" and level:
        command.append(f"--compress={level}")
    elif method != "gzip":
        command.append(f"--compress={compression}")
    return command


def content_arguments(content: DumpContent, *, utf8: bool = True) -> list[str]:
    """What pg_dump is told to leave out. The rows of a table too many are harmless, of one too few are not."""
    patterns = () if content.rows_of is None else all_but(content.rows_of, utf8=utf8)
    # -B is what 15 to 18 all know; its long form was renamed in 16
    return [f"--exclude-table-data={one}" for one in patterns] + ([] if content.large_objects else ["-B"])


def dumps_statistics(version: str) -> bool:
    """Whether a pg_dump of that version can take the planner's statistics along (release notes of 18)."""
    return major_of(version) >= _STATISTICS_FROM


def _advice(said: str) -> str:
    lowered = said.lower()
    if "no space left" in lowered:
        return "Free space in the backup directory, or set another one."
    if "row-level security" in lowered:
        return "Dump as the tables' owner or as a role with BYPASSRLS: set `control-url`."
    if "permission denied" in lowered:
        return "The role must read everything: grant it pg_read_all_data, or set `control-url`."
    if "lock timeout" in lowered:
        return "Another session holds a table exclusively: see pg_locks, then run the same command again."
    if "too many" in lowered or "remaining connection slots" in lowered:
        return "Set `backup-jobs` to 1: it uses one connection more than that."
    return "Try `alembic-safe backup create` by itself."


def find_dump_tool(database: PostgresDatabase, connected: Connected, bindir: Path | None) -> PostgresDump:
    """The dump of `database` by a client of its server's major. Raises `BackupError`; see `clients`."""
    facts = database.facts
    major = facts.version_number // 10_000
    server_bindir = None if bindir else database.bindir()
    client = find_dump_client(major, bindir=bindir, server_bindir=server_bindir)
    environment, conninfo = tool_environment(connected.connection, connected.keywords)
    utf8 = database.fetch("SHOW server_encoding")[0][0] == "UTF8"
    return PostgresDump(client, environment, conninfo, facts.address, utf8, unreadable(database))
