"""What recovery reads, concludes and offers: evidence, a diagnosis, remedies. Frozen values; no I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from alembic_safe.model.identity import Identity
from alembic_safe.model.revisions import Direction
from alembic_safe.model.runs import RunHistory
from alembic_safe.model.summaries import Failure, TargetSummary
from alembic_safe.model.targets import Session
from alembic_safe.quick import dataclass

# query: changes nothing. data: writes rows, or may. definition: changes what the schema is.
StatementNature = Literal["query", "data", "definition"]
# in effect: it is committed. not in effect: it is not, or never began. unknown: nothing at hand settles it.
Standing = Literal["in effect", "not in effect", "unknown"]
# why `recover` does not carry out a remedy of which it can only say how it is done
BY_HAND = "it is done by hand, as said"
LeftKind = Literal["invalid index", "reindex left-over", "unfinished detach", "batch table"]


@dataclass(frozen=True, slots=True)
class SettledStatement:
    """A statement of a revision that is not finished, and what became of it; `how` says how that is known.

    `sql` is masked, `digest` the sha256 (hex) of that. `repeatable`: running it again comes to the same end.
    """

    ordinal: int
    sql: str
    digest: str
    nature: StatementNature
    standing: Standing
    how: str
    repeatable: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class HalfRevision:
    """A revision that began and did not end. `unchanged`: its file is the one that was run; `text` what was.

    `rerunnable`: the file says that its data statements may be run again. `certain`: `statements` are all that can
    stand of it. `run` is "" where no run of ours knows of it, and then it was found in the schema.
    """

    run: str
    step: int
    revision: str
    direction: Direction
    statements: tuple[SettledStatement, ...]
    unchanged: bool
    rerunnable: bool
    certain: bool
    file: str = ""
    destination: str = ""
    undo: tuple[str, ...] = ()
    undo_loses: tuple[str, ...] = ()
    no_undo: str = ""

    @property
    def standing(self) -> tuple[SettledStatement, ...]:
        """What is in effect and is more than a query."""
        return tuple(s for s in self.statements if s.standing == "in effect" and s.nature != "query")

    @property
    def unknown(self) -> tuple[SettledStatement, ...]:
        """What is neither known to be in effect nor known not to be."""
        return tuple(s for s in self.statements if s.standing == "unknown" and s.nature != "query")


@dataclass(frozen=True, slots=True)
class Resume:
    """A revision of a target (by ordinal) that is half applied: `done` are digests (sha256 of the masked text, hex)

    of the statements that changed definitions and are in effect, in order. They must come so, and are left out.
    """

    target: int
    revision: str
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftObject:
    """What a statement that did not end left. `name` is qualified and quoted; `clean` the SQL that clears it away.

    `busy`: somebody may be at work on it just now. `loses` says what clearing it away loses; "" nothing.
    """

    kind: LeftKind
    name: str
    clean: tuple[str, ...]
    busy: bool = False
    loses: str = ""


@dataclass(frozen=True, slots=True)
class OrphanSession:
    """A session of a run whose process is dead. `doing` is its query, masked; `seconds` since that began.

    `run` "": nobody's that we know, at work on a statement of the next revision, whose number is `statement`.
    """

    session: Session
    run: str
    state: str
    doing: str
    seconds: float
    statement: int = 0


@dataclass(frozen=True, slots=True)
class OtherVersionTable:
    """A table that looks like alembic's, elsewhere; `known` of its rows are revisions of this checkout."""

    name: str
    rows: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LostRevision:
    """A version row that this checkout has no file for. `run` applied it (None: no run of ours), `text` is its file's.

    `follows` are the revisions that its text says it follows from; `leads_here`: that way leads to this checkout.
    `meets` are the revisions of this checkout that it comes to. `commit` is the git commit that last had the file (""
    not found), `branches` have it, `path` is the file there, `same` says whether its text is the one that was run.
    """

    revision: str
    run: str | None = None
    checksum: str | None = None
    text: str | None = None
    follows: tuple[str, ...] = ()
    leads_here: bool = False
    meets: tuple[str, ...] = ()
    commit: str = ""
    branches: tuple[str, ...] = ()
    path: str = ""
    same: bool = False


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two version rows of which one is an ancestor of the other: alembic refuses to go on."""

    ancestor: str
    descendant: str


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The newest backup of a database in the store: its id, when it was begun, and the version rows then."""

    backup: str
    at: datetime
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read of one target; nothing of it is a conclusion. `unseen` says what could not be looked at.

    `heads` None: no version table. `last_run` is the newest in the journal, None where there is none; `dead` says
    that it has no end and its lock is free. `mapped` counts the models' tables, `mapped_here` those that exist.
    `unvalidated` constraints are told of and are no fault by themselves. `moved_from` are the version rows that the
    last run left, where something else changed them since; `above` a backup that was made at later ones.
    `gone` are tables that are not there, each with the revision that the journal has as making it.
    `at_work` are sessions of others that execute a statement of the next revision.
    `lease_quiet` is for how long (s) a lease in the lock's place was not renewed.
    `journal_fault` says why the journal cannot be read, `stands_in` what a database of ours is that stands in for
    another, `identity` which revision the schema was found to be that of, where that was asked.
    """

    heads: tuple[str, ...] | None
    code_heads: tuple[str, ...]
    pending: tuple[str, ...]
    lock_holder: str | None = None
    last_run: RunHistory | None = None
    dead: bool = False
    half: HalfRevision | None = None
    outcome: str | None = None
    sessions: tuple[OrphanSession, ...] = ()
    left: tuple[LeftObject, ...] = ()
    unvalidated: tuple[str, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    elsewhere: tuple[OtherVersionTable, ...] = ()
    lost: tuple[LostRevision, ...] = ()
    no_way: str | None = None
    mapped: int = 0
    mapped_here: int = 0
    backup: str | None = None
    unseen: tuple[str, ...] = ()
    began: datetime | None = None
    moved_from: tuple[str, ...] | None = None
    above: BackedUp | None = None
    journal_fault: str = ""
    stands_in: str = ""
    identity: Identity | None = None
    lease_quiet: float | None = None
    at_work: tuple[OrphanSession, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The named state of a target, the exit status `status` has for it, and the sentences it rests on.

    `certain` False: the evidence leaves more than one truth possible, and the sentences say which.
    """

    state: str
    exit: int
    sentences: tuple[str, ...]
    certain: bool = True
    page: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way out. `sql` is what is executed, in order; `needs` what must hold, `loses` what is gone afterwards.

    `hindered` says why it cannot be done now ("" it can). `steps` say what is done besides SQL.
    `leads_to` are the states that a target may be in afterwards: anything else is a failure of the remedy.
    """

    name: str
    does: str
    sql: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    hindered: str = ""
    leads_to: tuple[str, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether it can be carried out."""
        return not self.hindered


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """What the journal has of a moment, in plain words."""

    at: datetime
    said: str


@dataclass(frozen=True, slots=True)
class TargetRecovery:
    """One target: what happened, what is true now, and the ways out. `applied` names the remedy carried out.

    `aim` is what `--target` calls it, "" where the project has no other.
    """

    target: TargetSummary
    diagnosis: Diagnosis
    evidence: Evidence
    timeline: tuple[TimelineEntry, ...]
    remedies: tuple[Remedy, ...]
    recommended: str | None
    applied: str | None = None
    run: str | None = None
    backup: str | None = None
    aim: str = ""


@dataclass(frozen=True, slots=True)
class RecoverResult:
    """`recover`: a target after the other. With a remedy carried out, `targets` show what is true afterwards.

    `diagnosis`, `evidence`, `remedies` and `recommended` are of the worst target, None where there is none.
    """

    exit: int
    targets: tuple[TargetRecovery, ...]
    diagnosis: Diagnosis | None = None
    evidence: Evidence | None = None
    remedies: tuple[Remedy, ...] = ()
    recommended: str | None = None
    notices: tuple[str, ...] = ()
    error: Failure | None = None
    bundle: str | None = None
