"""Backups: the manifest, and what verifying one says. Sizes are bytes, durations seconds, times aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

MANIFEST_FORMAT = 1

BackupScope = Literal["full", "touched", "schema"]
BackupEngine = Literal["pg_dump", "sqlite"]


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

    @property
    def duration(self) -> float:
        return (self.ended - self.began).total_seconds()

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of verifying one backup; `faults` name the file and what is wrong, empty when good."""

    backup: str
    at: datetime
    duration: float
    faults: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.faults
