"""The settings of one command: checked values, split into the policies that rooms take."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Literal

from alembic_safe.model.findings import Allowance, GatePolicy
from alembic_safe.model.policies import (
    ApplyPolicy,
    BackupPolicy,
    ControlPolicy,
    JournalPolicy,
    ProjectPolicy,
    RecoveryPolicy,
    RestorePolicy,
    RetentionPolicy,
)
from alembic_safe.model.preflight import PreflightPolicy
from alembic_safe.model.rehearsals import RehearsalPolicy
from alembic_safe.model.scratch import ScratchPolicy
from alembic_safe.quick import dataclass

OutputFormat = Literal["console", "json", "sarif", "github", "gitlab", "markdown"]


@dataclass(frozen=True, slots=True)
class OutputPolicy:
    """How a command speaks. `file` None: the result goes to standard output."""

    format: OutputFormat = "console"
    file: Path | None = None
    quiet: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """What `history` shows: `limit` runs newest first, or one `run`; the `slowest` statements if asked."""

    limit: int = 20
    slowest: int | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewQuery:
    """What `check` judges, and for which PostgreSQL major: what is new since a git ref, or everything.

    `baseline` is a file of known findings; `write_baseline` says where one is to be written. `live`: the target
    is asked what it holds. `dialect` "auto" is that of the URL in alembic's configuration, or PostgreSQL's where
    none stands there.
    """

    since: str | None = None
    everything: bool = False
    server_version: int = 18
    baseline: Path | None = None
    write_baseline: Path | None = None
    live: bool = False
    dialect: str = "auto"


@dataclass(frozen=True, slots=True)
class StatusQuery:
    """What `status` is asked about: that the targets are at the checkout's heads, or have these revisions.

    `wait` is how long (s) that is waited for.
    """

    at_heads: bool = False
    require: tuple[str, ...] = ()
    wait: float = 0.0

    @property
    def asked(self) -> bool:
        """Whether anything was asked for."""
        return self.at_heads or bool(self.require)


@dataclass(frozen=True, slots=True)
class EffectiveValue:
    """One option as it holds for this command, a secret masked, and where that was said."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a command was told, checked before any connection is made.

    `directory` is the folder of the alembic configuration in use: the one that a default path is relative
    to and whose pyproject.toml was read. `allowances` are the command line's. `ci` is whose pipeline `init` writes for.
    `wait_for_database` is in seconds. `plan_file` is a saved plan to apply; `dry_run`: nothing is to be applied.
    `force` is the reason to stamp without proof, `target` the label of the one that is meant.
    """

    command: str
    directory: Path
    project: ProjectPolicy
    backup: BackupPolicy
    apply: ApplyPolicy
    journal: JournalPolicy
    control: ControlPolicy
    output: OutputPolicy
    query: HistoryQuery
    review: ReviewQuery = field(default_factory=ReviewQuery)
    gate: GatePolicy = field(default_factory=GatePolicy)
    scratch: ScratchPolicy = field(default_factory=ScratchPolicy)
    allowances: tuple[Allowance, ...] = ()
    wanted: StatusQuery = field(default_factory=StatusQuery)
    preflight: PreflightPolicy = field(default_factory=PreflightPolicy)
    wait_for_database: float = 0.0
    clean: bool = False
    allow_loss: str | None = None
    phase: Literal["expand", "all"] = "all"
    ci: str | None = None
    plan_file: Path | None = None
    restore: RestorePolicy = field(default_factory=RestorePolicy)
    recovery: RecoveryPolicy = field(default_factory=RecoveryPolicy)
    retention: RetentionPolicy = field(default_factory=RetentionPolicy)
    max_age: float | None = None
    dry_run: bool = False
    check_drift: bool = False
    force: str | None = None
    target: str | None = None
    rehearse: bool = False
    rehearsal: RehearsalPolicy = field(default_factory=RehearsalPolicy)
    _effective: tuple[EffectiveValue, ...] = field(default=(), repr=False)

    def elsewhere(self) -> ControlPolicy | None:
        """How the server that is restored on is reached, where it is another than the target's."""
        if self.restore.server is None:
            return None
        return ControlPolicy(self.restore.server, self.control.connect_timeout, "restore-url")

    def effective(self) -> tuple[EffectiveValue, ...]:
        """Every option of the command with its value and origin, for people; secrets are masked."""
        return self._effective
