"""What each command returns: values that report renders in any form. `exit` is the command's exit status."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from alembic_safe.model.backups import Manifest, PlannedBackup, Verification, WayBack
from alembic_safe.model.identified import IdentifyResult, StampResult
from alembic_safe.model.losses import Loss
from alembic_safe.model.preflight import CheckedItem
from alembic_safe.model.recovery import RecoverResult
from alembic_safe.model.rehearsals import RehearsedTarget, RehearseResult
from alembic_safe.model.reported import Excerpt as Excerpt
from alembic_safe.model.reported import ReportedFinding as ReportedFinding
from alembic_safe.model.restores import RestoreProof
from alembic_safe.model.revisions import RevisionListing, Statement
from alembic_safe.model.runs import RunHistory, RunOutcome, StepOutcome
from alembic_safe.model.scratch import ScratchRun
from alembic_safe.model.summaries import Failure as Failure
from alembic_safe.model.summaries import TargetSummary as TargetSummary
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class PlannedLock:
    """A lock on a table that was there before. `mode` is SQL's ("SHARE"), `statement` the ordinal that takes it.

    `blocks` are the kinds of query that wait for it, `seconds` the estimate of how long it is held once it is
    taken, to the end of its transaction (None: not known).
    """

    table: str
    mode: str
    statement: int
    blocks: tuple[str, ...]
    seconds: float | None


@dataclass(frozen=True, slots=True)
class PlannedRevision:
    """What judging says of a pending revision: its phase, its locks, and seconds of reading and rewriting."""

    revision: str
    phase: str
    locks: tuple[PlannedLock, ...]
    seconds: float | None


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """A target with what is pending on it; `expected` gives known durations (seconds) by revision.

    `judged` is what judging says, a value a revision; empty where the database holds nothing that could be hurt.
    `backup` is None where nothing is pending.
    """

    target: TargetSummary
    expected_heads: tuple[str, ...]
    revisions: tuple[RevisionListing, ...]
    expected: dict[str, float]
    judged: tuple[PlannedRevision, ...] = ()
    backup: PlannedBackup | None = None


@dataclass(frozen=True, slots=True)
class PlanResult:
    """`plan`, and `upgrade --dry-run`: per target the pending revisions with their statements, and the gate's word.

    `destination` is how far; `findings` are of all targets. `refused`: an upgrade would be, with `fail_on` and the
    command line's `allowances` (rule, reason). Saved, it is what `upgrade --plan` takes.
    """

    exit: int
    targets: tuple[PlannedTarget, ...]
    notices: tuple[str, ...] = ()
    error: Failure | None = None
    scratch: tuple[ScratchRun, ...] = ()
    destination: str = "heads"
    findings: tuple[ReportedFinding, ...] = ()
    refused: bool = False
    fail_on: str = "error"
    allowances: tuple[tuple[str, str], ...] = ()
    root: str = ""


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
    """What a run did to one target. `pending` are the revisions that are still to be done, a failed one included.

    `outcome` "refused": the gate stopped it before anything was changed, and there is no run. `left` are those
    that this run was not to do: the first contract revision and what follows it (`--phase expand`). `way_back` says
    how the change would be undone, with its commands, `way_back_kind` of which kind that is (None: nothing to undo).
    """

    target: TargetSummary
    run: str | None
    outcome: RunOutcome | Literal["refused"]
    heads_before: tuple[str, ...] | None
    heads_after: tuple[str, ...] | None
    backup: str | None
    steps: tuple[AppliedStep, ...]
    pending: tuple[str, ...] = ()
    way_back: str = ""
    left: tuple[str, ...] = ()
    way_back_kind: WayBack | None = None


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """`upgrade` and `downgrade`. `durations` are seconds by phase (probe, lock, gate, backup, apply, ...).

    `findings` are what rules said of the pending revisions, those that a person allowed included; `losses` what a
    downgrade takes away; `rehearsed` what was seen on clones of the backups first (`upgrade --rehearse`).
    """

    exit: int
    command: str
    targets: tuple[AppliedTarget, ...]
    backups: tuple[Manifest, ...]
    durations: dict[str, float]
    notices: tuple[str, ...] = ()
    error: Failure | None = None
    findings: tuple[ReportedFinding, ...] = ()
    losses: tuple[Loss, ...] = ()
    rehearsed: tuple[RehearsedTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """Where one target is. `state` is a diagnosis' name; `facts` are sentences that support it.

    `doubted`: something speaks against the version rows, which comparing the schema with the history would settle.
    """

    target: TargetSummary
    state: str
    code_heads: tuple[str, ...]
    behind: tuple[str, ...]
    unknown: tuple[str, ...]
    last_run: RunHistory | None
    lock_holder: str | None
    last_backup: Manifest | None
    facts: tuple[str, ...] = ()
    last_proof: RestoreProof | None = None
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class StatusResult:
    """`status`: where every target is, and whether it is well."""

    exit: int
    targets: tuple[TargetStatus, ...]
    notices: tuple[str, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """`history`: runs, newest first; `slowest` are (revision, file:line, sql, seconds) when asked for.

    `proofs` are the times that backups of the targets were restored to prove them, newest first.
    """

    exit: int
    runs: tuple[RunHistory, ...]
    slowest: tuple[tuple[str, str, str, float], ...] = ()
    error: Failure | None = None
    proofs: tuple[RestoreProof, ...] = ()


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
    restored: RestoreProof | None = None


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """`backup restore`: `database` is where the backup is now, `kept` the name of what was there before (None: beside).

    `since` are sentences on what was written after the backup; `stays` is what did not follow; `notes` name
    objects whose definition reads differently after the round trip; `copy_back` is SQL. `durations` in seconds.
    """

    exit: int
    backup: str
    target: str
    database: str
    kept: str | None
    heads: tuple[str, ...] | None
    tables: int
    rows: int
    durations: dict[str, float]
    since: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    copy_back: tuple[str, ...] = ()
    run: str | None = None
    notices: tuple[str, ...] = ()
    error: Failure | None = None


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
    proofs: tuple[RestoreProof, ...] = ()


@dataclass(frozen=True, slots=True)
class PrunedBackup:
    """A backup that was looked at: whether it is kept, and why. `removed` is False with --dry-run."""

    id: str
    began: datetime
    scope: str
    size: int
    keep: bool
    why: str
    removed: bool = False


@dataclass(frozen=True, slots=True)
class PruneResult:
    """`backup prune`: every backup of this project's databases, newest first; `left_alone` are others, and why."""

    exit: int
    dry_run: bool
    backups: tuple[PrunedBackup, ...]
    left_alone: tuple[str, ...] = ()
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


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule as its page shows it. `covers` are the hazards of the catalogue that it finds."""

    id: str
    severity: Literal["error", "warning", "note"]
    hazard: str
    summary: str
    why: str
    recipe: str
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`check`: the revisions that were judged, for a PostgreSQL major, and what was found in them.

    `fail_on` is the gate. `known` counts findings that the baseline has and that are left out here. `rules` are
    those that found something; `root` is the folder that paths are told relative to. `scratch` tells of revisions
    that were run to be read. `rehearsed` are the revisions as they ran from base (`--rehearse`).
    """

    exit: int
    server_version: int
    revisions: tuple[RevisionListing, ...]
    findings: tuple[ReportedFinding, ...]
    fail_on: str = "error"
    known: int = 0
    rules: tuple[RulePage, ...] = ()
    root: str = ""
    notices: tuple[str, ...] = ()
    error: Failure | None = None
    scratch: tuple[ScratchRun, ...] = ()
    rehearsed: tuple[RehearsedTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainResult:
    """`explain`: one rule, or all of them."""

    exit: int
    rules: tuple[RulePage, ...]
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class ExaminedTarget:
    """A target with every check that was made of it, what it found included."""

    target: TargetSummary
    checks: tuple[CheckedItem, ...]


@dataclass(frozen=True, slots=True)
class DoctorResult:
    """`doctor`: what would stop a run. `project` are checks of env.py, `cleaned` what --clean removed."""

    exit: int
    targets: tuple[ExaminedTarget, ...]
    project: tuple[CheckedItem, ...] = ()
    cleaned: tuple[str, ...] = ()
    error: Failure | None = None


Result = (
    PlanResult
    | ApplyResult
    | StatusResult
    | HistoryResult
    | BackupResult
    | PruneResult
    | RestoreResult
    | InitResult
    | CheckResult
    | ExplainResult
    | DoctorResult
    | IdentifyResult
    | StampResult
    | RehearseResult
    | RecoverResult
)
