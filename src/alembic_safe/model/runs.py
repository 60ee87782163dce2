"""Runs, steps and statements as the journal keeps them. Times are aware UTC datetimes, durations seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from alembic_safe.model.revisions import Direction
from alembic_safe.quick import dataclass

# unfinished: no end was written (running, or killed). failed: ended by itself, clean or dirty as `error` and
# the steps say. interrupted: ended by a signal, or found unfinished by a later run and closed by it.
RunOutcome = Literal["unfinished", "done", "nothing", "failed", "interrupted", "dirty"]
# unknown: neither the version table nor the transaction status could settle it.
StepOutcome = Literal["unfinished", "committed", "rolled_back", "partial", "unknown"]
# unfinished: sent, or its transaction's commit was announced, and no end is known. done and not in autocommit: what
# became of its transaction says the step's outcome, unless that is partial: then it is committed.
StatementOutcome = Literal["unfinished", "done", "failed", "rolled back", "unknown"]
# the allowance of a run that carries out a remedy: the run whose work it finishes or takes back
RECOVERS = "recovers"
# what is said of a run that was killed
WITHOUT_A_WORD = "ended without a word"
# in the place of a step's transaction: the one that was committed last without a version row held nothing but queries
NOTHING_HELD = "nothing held"
TransactionOutcome = Literal["committed", "aborted", "in progress", "unknown"]


def application_name(run: str) -> str:
    """What a run's worker calls its sessions; at most 63 bytes, as the server cuts it there.

    One worker runs all the targets of an attempt, so the name is that of the attempt: the part before the dot.
    """
    return f"alembic-safe/{run.partition('.')[0]}"


# where a run was made, seen from a database: on this one (or that is not known), on another of this server, elsewhere
Elsewhere = Literal["", "another database", "another server"]


@dataclass(frozen=True, slots=True)
class Origin:
    """A database, told from others for good: the server's system identifier ("" where it may not be read) and its

    address, and the database's name and oid. Of an SQLite file the path, twice.
    """

    system: str
    address: str
    name: str
    oid: str

    def seen_from(self, here: Origin) -> Elsewhere:
        """Where this is; a database of the same name on the same server took its place, one of its oid was renamed.

        Another address is no other server: a pooler, a socket and a name all lead to one.
        """
        if self.system and here.system and self.system != here.system:
            return "another server"
        return "" if self.name == here.name or self.oid == here.oid else "another database"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One attempt on a target. `allowances` are (what, reason) pairs such as ("no-backup", "...").

    `elsewhere` says that it was made on another database than the one whose journal this is: that came with a copy.
    """

    id: str
    command: str
    target: str
    heads_before: tuple[str, ...] | None
    began: datetime
    tool_version: str
    server_version: str
    who: str
    host: str
    ci_link: str | None = None
    heads_after: tuple[str, ...] | None = None
    ended: datetime | None = None
    outcome: RunOutcome = "unfinished"
    backup: str | None = None
    allowances: tuple[tuple[str, str], ...] = ()
    error: str | None = None
    elsewhere: Elsewhere = ""

    @property
    def recovers(self) -> str | None:
        """The run whose unfinished work this one is about, as long as it has not come to its end.

        One that had nothing to do is none: a resume enters such a run for each target beside the one it is for.
        """
        named = next((reason for what, reason in self.allowances if what == RECOVERS), None)
        return named if self.outcome not in ("done", "nothing") else None

    @property
    def duration(self) -> float | None:
        return (self.ended - self.began).total_seconds() if self.ended else None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One revision of a run. `transaction` is the server's xid8 as text, written before COMMIT.

    `text` is the revision file's, so that a revision whose file is gone can be explained; never executed.
    `waited` is for how long (s) its `attempts` waited for locks, as the guard saw it, which looks every 0.1 s; 0
    where there is no guard, as on SQLite. `forecast` is what a rehearsal let expect of it (s), None: none was made.
    """

    run: str
    ordinal: int
    revision: str
    direction: Direction
    began: datetime
    checksum: str
    text: str = ""
    transaction: str | None = None
    ended: datetime | None = None
    outcome: StepOutcome = "unfinished"
    duration: float | None = None
    error: str | None = None
    attempts: int = 1
    waited: float = 0.0
    forecast: float | None = None

    @property
    def forecast_error(self) -> float | None:
        """How far the forecast was from what it took, as a share of that: 0.5 is half as long again as it took."""
        if self.forecast is None or not self.duration or self.outcome != "committed":
            return None
        return (self.forecast - self.duration) / self.duration


@dataclass(frozen=True, slots=True)
class StatementRecord:
    """One statement of a step; `digest` is the sha256 (hex) of its SQL, `sql` its masked text."""

    run: str
    step: int
    ordinal: int
    digest: str
    sql: str
    file: str | None
    line: int | None
    began: datetime
    duration: float | None
    rows: int | None
    outcome: StatementOutcome
    autocommit: bool
    error: str | None = None


@dataclass(frozen=True, slots=True)
class RunHistory:
    """A run with its steps and statements, as `history` shows it."""

    run: RunRecord
    steps: tuple[StepRecord, ...] = ()
    statements: tuple[StatementRecord, ...] = ()
