"""What each command returns: values that report renders in any form. `exit` is the command's exit status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alembic_safe.model.backups import Manifest, Verification
from alembic_safe.model.revisions import RevisionListing, Statement
from alembic_safe.model.runs import RunHistory, RunOutcome, StepOutcome


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as a value: `kind` is the class's name in alembic_safe.errors."""

    kind: str
    message: str
    hint: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """A target in a result: what people call it, where it is, what runs there."""

    label: str
    dialect: str
    address: str
    server_version: str
    version_table: str
    heads: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """A target with what is pending on it; `expected` gives known durations (seconds) by revision."""

    target: TargetSummary
    expected_heads: tuple[str, ...]
    revisions: tuple[RevisionListing, ...]
    expected: dict[str, float]


@dataclass(frozen=True, slots=True)
class PlanResult:
    """`plan`: per target the pending revisions with their statements."""

    exit: int
    targets: tuple[PlannedTarget, ...]
    notices: tuple[str, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class AppliedStep:
    """A revision as it was applied."""

    revision: str
    message: str
    file: str
    outcome: StepOutcome
    duration: float
    statements: tuple[Statement, ...]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class AppliedTarget:
    """What a run did to one target. `pending` are the revisions that are still to be done, a failed one included."""

    target: TargetSummary
    run: str | None
    outcome: RunOutcome
    heads_before: tuple[str, ...] | None
    heads_after: tuple[str, ...] | None
    backup: str | None
    steps: tuple[AppliedStep, ...]
    pending: tuple[str, ...] = ()
    way_back: str = ""


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """`upgrade` and `downgrade`. `durations` are seconds by phase (probe, lock, backup, apply, ...)."""

    exit: int
    command: str
    targets: tuple[AppliedTarget, ...]
    backups: tuple[Manifest, ...]
    durations: dict[str, float]
    notices: tuple[str, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """Where one target is. `state` is a diagnosis' name; `facts` are sentences that support it."""

    target: TargetSummary
    state: str
    code_heads: tuple[str, ...]
    behind: tuple[str, ...]
    unknown: tuple[str, ...]
    last_run: RunHistory | None
    lock_holder: str | None
    last_backup: Manifest | None
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusResult:
    """`status`: where every target is, and whether it is well."""

    exit: int
    targets: tuple[TargetStatus, ...]
    notices: tuple[str, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """`history`: runs, newest first; `slowest` are (revision, file:line, sql, seconds) when asked for."""

    exit: int
    runs: tuple[RunHistory, ...]
    slowest: tuple[tuple[str, str, str, float], ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class BackupListing:
    """A backup as `backup list` shows it. `age` in seconds.

    `verified` is when it was last verified, if that went well; else `faults` say what was found.
    """

    manifest: Manifest
    path: str
    age: float
    verified: datetime | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackupResult:
    """`backup create|list|verify`."""

    exit: int
    action: str
    backups: tuple[BackupListing, ...]
    verifications: tuple[Verification, ...] = ()
    unreadable: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class InitResult:
    """`init`: files written or left alone, and snippets to paste."""

    exit: int
    written: tuple[str, ...]
    left: tuple[str, ...]
    snippets: dict[str, str]
    error: Failure | None = None


Result = PlanResult | ApplyResult | StatusResult | HistoryResult | BackupResult | InitResult
