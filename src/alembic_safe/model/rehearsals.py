"""Rehearsals: what revisions did on a clone. Durations are seconds, sizes bytes.

What was seen is told as it was; `forecast` is what is to be expected of the target, None where nothing is known of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal

from alembic_safe.model.reported import ReportedFinding
from alembic_safe.model.revisions import Direction, Source
from alembic_safe.model.summaries import Failure
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class RehearsalPolicy:
    """What the clone is made from, and what is asked of it. `max_time`, `max_stall`: seconds on the target.

    `source` "backup" (`backup` None: the newest), "schema" (the target's), "base" (the history), or "database": what
    `keywords` (libpq's) reach.
    """

    source: Literal["backup", "schema", "base", "database"] = "backup"
    backup: str | None = None
    keywords: Mapping[str, str] | None = field(default=None, repr=False)
    keep: bool = False
    max_time: float | None = None
    max_stall: float = 1.0
    round_trip: bool = False
    each: bool = False
    check_command: str | None = None
    check_sql: tuple[Path, ...] = ()

    @property
    def checks(self) -> bool:
        """Whether the running application's code is to be tried."""
        return bool(self.check_command or self.check_sql)


@dataclass(frozen=True, slots=True)
class RehearsedLock:
    """A lock that was held on a relation which was there before the rehearsal.

    `table` is the name from before. `mode` is SQL's ("ACCESS EXCLUSIVE"), `statement` the ordinal that took it,
    `seconds` how long it was held, to the end of its transaction. `blocks` are the kinds of query that wait for it.
    """

    table: str
    mode: str
    statement: int
    seconds: float
    blocks: tuple[str, ...]
    forecast: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a statement did otherwise than its text lets expect; what was seen counts.

    `what` is "lock", "scan" or "rewrite"; `expected` and `seen` are words ("SHARE", "none", "yes").
    """

    statement: int
    what: str
    table: str
    expected: str
    seen: str


@dataclass(frozen=True, slots=True)
class RehearsedStatement:
    """A statement as it ran. `began` counts from the revision's beginning.

    `locks` are those it took first ("SHARE on orders"), `changed` rows that were inserted, updated and deleted by
    table. `wal` are bytes of the server's log, `pages` those of tables and indexes that it asked for (8 kB each) and
    `pages_read` those that were not among the server's buffers, `said` the server's messages. `traced` False: it ran
    where its session could not be looked at (another connection, SQLite), so that empty fields say nothing.
    """

    ordinal: int
    sql: str
    source: Source | None
    seconds: float | None
    rows: int | None
    autocommit: bool
    began: float
    traced: bool
    locks: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    changed: dict[str, int] = field(default_factory=dict)
    created: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    wal: int = 0
    pages: int = 0
    pages_read: int = 0
    said: tuple[str, ...] = ()
    error: str | None = None
    forecast: float | None = None


@dataclass(frozen=True, slots=True)
class RehearsedRevision:
    """A revision as it ran on the clone. `fault` says why it failed, at `fault_at`.

    `stall` is the longest that a lock stopped the application's reads or writes of what was there before,
    `stall_forecast` the same on the target. `probing` is what looking took, which is in no other figure.
    """

    revision: str
    message: str
    file: str
    direction: Direction
    seconds: float
    statements: tuple[RehearsedStatement, ...]
    locks: tuple[RehearsedLock, ...]
    stall: float
    differences: tuple[Difference, ...] = ()
    fault: str | None = None
    fault_at: Source | None = None
    forecast: float | None = None
    stall_forecast: float | None = None
    probing: float = 0.0
    last_time: float | None = None


@dataclass(frozen=True, slots=True)
class TableSize:
    """Rows (the planner's count) and bytes with indexes; None where nothing is known."""

    rows: int | None
    bytes: int | None


@dataclass(frozen=True, slots=True)
class RehearsedTable:
    """A table that revisions worked on, as large as it was when they began: on the clone, and on the target.

    `target` is None where that was not asked.
    """

    name: str
    clone: TableSize
    target: TableSize | None


@dataclass(frozen=True, slots=True)
class RehearsedTarget:
    """A target of env.py as it ran on its clone; the heads are the clone's.

    `tables` are those that statements scanned, rewrote or changed rows of.
    """

    label: str
    version_table: str
    dialect: str
    heads_before: tuple[str, ...]
    heads_after: tuple[str, ...]
    revisions: tuple[RehearsedRevision, ...]
    tables: tuple[RehearsedTable, ...] = ()


@dataclass(frozen=True, slots=True)
class LostData:
    """What of a table was not the same after going there and back. `columns`: those whose values differ."""

    table: str
    rows_before: int | None
    rows_after: int | None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Up, down, and up again, of `revisions`. `fault`: a downgrade or the second upgrade failed.

    `schema` are objects that are not as they were before, after the way down; `again` those that differ after the
    second way up from the first. `lost` is data that did not come back. `apart` are sentences on the order of
    columns and the names of constraints, which do not make a trip a bad one. `database` is told where there are
    several.
    """

    revisions: tuple[str, ...]
    fault: str | None = None
    schema: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    lost: tuple[LostData, ...] = ()
    apart: tuple[str, ...] = ()
    database: str = ""

    @property
    def good(self) -> bool:
        """Whether the way back works: the schema is what it was. Data may still be lost."""
        return self.fault is None and not self.schema and not self.again


@dataclass(frozen=True, slots=True)
class OldApplication:
    """A check of the running application's code against the clone, after a revision ("" before the first)."""

    after: str
    what: str
    good: bool
    said: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RehearseResult:
    """`rehearse`: what the pending revisions did on a clone, and what that lets expect of the target.

    `source` says what the clone was made from, `server` what it ran on, `kept` names clones that were kept.
    `findings` are the rules' word on what was seen, `refused` the gate's. `over` are budgets that are exceeded,
    in words. `unstopped` says what was let reach out. `seconds` are by phase.
    """

    exit: int
    source: str
    server: str
    targets: tuple[RehearsedTarget, ...]
    findings: tuple[ReportedFinding, ...] = ()
    refused: bool = False
    fail_on: str = "error"
    over: tuple[str, ...] = ()
    round_trips: tuple[RoundTrip, ...] = ()
    checks: tuple[OldApplication, ...] = ()
    kept: tuple[str, ...] = ()
    unstopped: tuple[str, ...] = ()
    durations: dict[str, float] = field(default_factory=dict)
    root: str = ""
    notices: tuple[str, ...] = ()
    error: Failure | None = None
