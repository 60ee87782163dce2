"""Judging: the plan with its facts, what rules find in it, what is allowed, and the verdict of the gate."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from alembic_safe.model.facts import Facts, Phase
from alembic_safe.model.known import KnownSchema
from alembic_safe.model.live import LiveFacts, Mapped
from alembic_safe.model.revisions import Direction, Revision, Source, Statement
from alembic_safe.model.targets import Dialect
from alembic_safe.quick import dataclass

FailOn = Literal["error", "warning", "never"]
HazardClass = Literal[
    "lock", "scan", "rewrite", "breaks application", "data loss", "irreversible", "transaction", "unread",
    "hygiene", "allowance",
]  # fmt: skip
DeclaredPhase = Literal["expand", "backfill", "contract"]


class Severity(IntEnum):
    """error breaks the application, loses data or blocks without bound; warning risks it; note is hygiene."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """As documents write it: "error"."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Allowance:
    """A person's word that one rule may be broken. `reason` is never empty.

    In a revision's source it covers the lines `first` to `last` (1-based, inclusive) of `file`; with all
    three None it comes from the command line and covers the whole plan.
    """

    rule: str
    reason: str
    file: str | None = None
    line: int | None = None
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class MarkFault:
    """A comment that begins like a mark and is none; `message` says what is wrong with it."""

    message: str
    line: int


@dataclass(frozen=True, slots=True)
class Marks:
    """What a revision's comments say to us. `phase_line` is where the phase is declared.

    `downgrade_lines` are the (first, last) lines of functions that only a downgrade runs, `upgrade_lines`
    those of an upgrade: an allowance in the other direction's function is not expected to match.
    """

    allowances: tuple[Allowance, ...] = ()
    phase: DeclaredPhase | None = None
    phase_line: int | None = None
    rerunnable: bool = False
    faults: tuple[MarkFault, ...] = ()
    upgrade_lines: tuple[tuple[int, int], ...] = ()
    downgrade_lines: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedCommand:
    """One SQL command of a statement, with its facts and the schema as it was just before.

    `transaction` counts the revision's transactions from 1; None: it commits on its own. `allowances` were
    found in the SQL's own comments. `path_after` is the search_path that it sets (() for the usual one), `path_local`
    says that this ends with the transaction.
    """

    facts: Facts
    before: KnownSchema
    transaction: int | None = 1
    allowances: tuple[Allowance, ...] = ()
    path_after: tuple[str, ...] | None = None
    path_local: bool = False


@dataclass(frozen=True, slots=True)
class JudgedStatement:
    """A statement as captured; its text may hold several commands."""

    statement: Statement
    commands: tuple[JudgedCommand, ...] = ()

    @property
    def facts(self) -> tuple[Facts, ...]:
        """The facts of each command."""
        return tuple(c.facts for c in self.commands)


@dataclass(frozen=True, slots=True)
class JudgedRevision:
    """A revision with what it does. `phase` is derived from its statements, `marks` say what is declared.

    `not_inspectable` says why its statements, or the rest of them, are not known. `text` is the source (""
    where it could not be read). `autocommit` are (first, last) ordinals of statements that commit on their
    own. `reverse` holds the statements of its downgrade where they were looked at.
    """

    revision: Revision
    direction: Direction
    statements: tuple[JudgedStatement, ...] = ()
    not_inspectable: str | None = None
    not_inspectable_at: Source | None = None
    marks: Marks = Marks()
    phase: Phase = "neutral"
    autocommit: tuple[tuple[int, int], ...] = ()
    reverse: tuple[JudgedStatement, ...] | None = None
    text: str = ""

    @property
    def commands(self) -> tuple[JudgedCommand, ...]:
        """All its commands in order."""
        return tuple(c for s in self.statements for c in s.commands)


@dataclass(frozen=True, slots=True)
class JudgedPlan:
    """Revisions in the order they would run. `version` is the server's major.

    `together` False: they are not one upgrade (a whole history under review), so that an object of one
    revision is old to the next. `mapped` is what the models map now, None where they are not known.
    `heads` are the script directory's heads where they are known.
    """

    revisions: tuple[JudgedRevision, ...]
    version: int
    dialect: Dialect = "postgresql"
    together: bool = True
    mapped: Mapped | None = None
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """What the gate stops. `applying`: statements are about to run (upgrade), so what is unread is an error.

    `small_seconds`: blocked work of at most this is a note where a live size says so.
    """

    fail_on: FailOn = "error"
    applying: bool = False
    small_seconds: float = 0.2


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of a statement, a revision or the plan.

    `recipe` is alembic code with the project's own names ("" where there is none to give). `statement` is
    the ordinal within the revision. `blocks` are the queries that wait, `seconds` the estimate of how long;
    `allowed` is the reason a person gave.
    """

    rule: str
    severity: Severity
    message: str
    recipe: str = ""
    revision: str | None = None
    file: str | None = None
    line: int | None = None
    statement: int | None = None
    objects: tuple[str, ...] = ()
    phase: Phase = "neutral"
    allowed: str | None = None
    hazard: HazardClass = "lock"
    blocks: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's word. `stopping` are the findings that refuse the plan; `allowed` those a person let pass."""

    proceed: bool
    stopping: tuple[Finding, ...] = ()
    allowed: tuple[Finding, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the plan is not to be applied."""
        return not self.proceed


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is pending on one target, read and judged there: the plan with its facts, and the gate's word.

    `live` is what the target itself said, None where it was not asked.
    """

    plan: JudgedPlan
    findings: tuple[Finding, ...]
    verdict: Verdict
    live: LiveFacts | None = None
