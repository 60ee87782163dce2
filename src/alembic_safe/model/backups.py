"""Backups: the manifest, and what verifying one says. Sizes are bytes, durations seconds, times aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Literal

from alembic_safe.quick import dataclass

MANIFEST_FORMAT = 2

BackupScope = Literal["full", "touched", "schema"]
ScopeChoice = Literal["auto", "full", "touched", "schema", "none"]
BackupEngine = Literal["pg_dump", "sqlite", "external"]
# restore: the backup may replace the target. copy back: it is restored beside, and rows are copied.
WayBack = Literal["restore", "copy back", "downgrade, not rehearsed", "rehearsed downgrade", "none"]


@dataclass(frozen=True, slots=True)
class DumpContent:
    """What of a database a dump holds. The schema is always whole.

    `rows_of` are (schema, name) of the tables whose rows it holds; None: of all. Sequences keep their positions.
    `statistics`: the planner's too, where the tool can (pg_dump from 18).
    """

    rows_of: tuple[tuple[str, str], ...] | None = None
    large_objects: bool = True
    statistics: bool = False


WHOLE = DumpContent()


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """A place in the server's log of changes that recovery can stop at: its name ("" where rights to make
    one were missing), position and timeline. `archived`: the log up to it is known to be in the archive."""

    name: str
    lsn: str
    timeline: int
    archived: bool = False


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A file of a backup: name relative to the backup's folder, size, sha256 (hex)."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TableContent:
    """A table as the dump itself holds it: schema-qualified name and number of rows in its data."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is. Written last and atomically, twice; a backup without one does not exist.

    `heads` maps each version table in the database to its rows when the backup began. `position` is the
    server's WAL position before the dump (PostgreSQL). `read` says that it was read whole after writing.
    `why` says why this scope was chosen, `way_back` what the backup is good for. `left_out` counts tables
    whose rows are not in it. `source` is the replica's address where that was dumped, `system` tells the
    server's data apart from any other's (PostgreSQL's system identifier), `database_size` is in bytes.
    `external` is what a command of the user's said of the backup that it made.
    """

    format: int
    id: str
    engine: BackupEngine
    scope: BackupScope
    run: str | None
    database: str
    address: str
    server_version: str
    tool: str
    tool_version: str
    heads: Mapping[str, tuple[str, ...] | None]
    began: datetime
    ended: datetime
    size: int
    files: tuple[BackupFile, ...]
    tables: tuple[TableContent, ...]
    position: str | None = None
    compression: str = ""
    read: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    way_back: WayBack = "restore"
    left_out: int = 0
    source: str = ""
    system: str = ""
    database_size: int | None = None
    restore_point: RestorePoint | None = None
    external: Mapping[str, str] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        return (self.ended - self.began).total_seconds()

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class PlannedBackup:
    """The backup that an upgrade would make of a target's database before the first change.

    `scope` "none": it would make none. `why` says why this scope, `way_back` what it is good for. `tables` are
    those whose rows it holds where the scope is "touched", version tables apart; `warnings` say what it would not
    bring back.
    """

    scope: ScopeChoice
    engine: BackupEngine | None
    why: str
    way_back: WayBack
    tables: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of verifying one backup; `faults` name the file and what is wrong, empty when good.

    `notes` say what could not be looked at, such as the contents of an encrypted backup without its key.
    """

    backup: str
    at: datetime
    duration: float
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.faults
