"""Facts: what a statement says and what it does to the database; parsed, refined, live and observed alike.

A `Reading` is what the text says and nothing more. `Facts` adds what the server does with it: locks, scans,
rewrites, phase, loss. Rules see these values and never a syntax tree, so that a fact which was observed on a
clone and one which was read from text look the same to them; `Origin` tells them apart where it matters.
"""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum
from typing import Literal

from alembic_safe.quick import dataclass

# parsed: from the text and the server tables alone. state: refined by what earlier statements made.
# live: refined by the target's catalog. observed: seen on a server that ran the statement.
Origin = Literal["parsed", "state", "live", "observed"]
Volatility = Literal["constant", "immutable", "stable", "volatile", "unknown"]
Phase = Literal["expand", "backfill", "contract", "neutral", "incompatible"]
ConstraintKind = Literal["check", "not null", "unique", "primary key", "foreign key", "exclude"]
# created, altered, dropped: the statement's own objects. on: the table a dependent object belongs to.
Role = Literal[
    "created",
    "altered",
    "dropped",
    "on",
    "read",
    "written",
    "referenced",
    "parent",
    "partition",
    "index",
    "used",
]


class LockMode(IntEnum):
    """PostgreSQL's table lock modes by its own numbers, weakest first (docs: explicit-locking)."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    @property
    def title(self) -> str:
        """As SQL and the documentation write it: "ACCESS EXCLUSIVE"."""
        return self.name.replace("_", " ")

    @property
    def server_name(self) -> str:
        """As `pg_locks.mode` shows it: "AccessExclusiveLock"."""
        return self.title.title().replace(" ", "") + "Lock"


HOLE = "?"
"""Stands for a part of SQL text that is known only when the statement runs."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name as the server folds it (unquoted: lower case, cut at 63 bytes); `schema` None if not written."""

    name: str
    schema: str | None = None

    @property
    def certain(self) -> bool:
        """False where it is put together when the statement runs: it may then be any name."""
        return HOLE not in (self.name, self.schema)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object a statement names. `kind` is the grammar's word in lower case: "table", "index", "function".

    `implied`: the text does not name it; state, catalog or observation does (a partition).
    """

    kind: str
    name: Name
    role: Role
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression: its source text, the functions it calls, and how volatile it is at worst."""

    text: str
    functions: tuple[str, ...] = ()
    volatility: Volatility = "unknown"


@dataclass(frozen=True, slots=True)
class DataType:
    """A type: canonical name ("integer" for int4), modifiers as written, dimensions; `text` the source."""

    name: str
    schema: str | None = None
    modifiers: tuple[str, ...] = ()
    dimensions: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint, of a table or a column. `valid` False means NOT VALID, `enforced` False NOT ENFORCED.

    `include` is what INCLUDE lists, as it was written.
    """

    kind: ConstraintKind
    name: str | None = None
    columns: tuple[str, ...] = ()
    expression: str = ""
    references: Name | None = None
    referenced_columns: tuple[str, ...] = ()
    on_delete: str = ""
    on_update: str = ""
    valid: bool = True
    enforced: bool = True
    using_index: str | None = None
    deferrable: bool = False
    no_inherit: bool = False
    nulls_not_distinct: bool = False
    include: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as declared. `generated` is "", "stored", "virtual" or "identity"."""

    name: str
    type: DataType | None = None
    default: Expression | None = None
    generated: Literal["", "stored", "virtual", "identity"] = ""
    collation: str | None = None
    constraints: tuple[Constraint, ...] = ()

    @property
    def not_null(self) -> bool:
        """Whether NULL is refused: NOT NULL, PRIMARY KEY, identity and the serial types say so."""
        if self.generated == "identity" or (self.type is not None and self.type.name in SERIAL_TYPES):
            return True
        return any(c.kind in ("not null", "primary key") for c in self.constraints)


SERIAL_TYPES = {"smallserial": "smallint", "serial": "integer", "bigserial": "bigint"}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a statement does to its target: "add column", "set not null", "attach partition", ...

    `name` is the column, constraint, trigger or setting it concerns; other fields are set where it has them.
    """

    kind: str
    name: str | None = None
    new_name: str | None = None
    column: Column | None = None
    constraint: Constraint | None = None
    type: DataType | None = None
    expression: Expression | None = None
    value: str | None = None
    object: ObjectRef | None = None
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """What the text of one statement says. `kind` is PostgreSQL's command tag in lower case ("alter table").

    `not_understood` is "" when the statement was read whole, else the reason; then nothing else may be relied
    on to be complete. `flags` are the grammar's own words: "if exists", "cascade", "only", ...
    `inner` are statements inside this one (a DO block's static SQL, the statement that EXPLAIN ANALYZE runs).
    """

    kind: str
    text: str
    objects: tuple[ObjectRef, ...] = ()
    actions: tuple[Action, ...] = ()
    flags: frozenset[str] = frozenset()
    inner: tuple[Reading, ...] = ()
    not_understood: str = ""

    @property
    def understood(self) -> bool:
        """Whether this and everything inside it was read whole."""
        return not self.not_understood and all(r.understood for r in self.inner)

    @property
    def target(self) -> ObjectRef | None:
        """The first object that is created, altered, dropped or written."""
        return next((o for o in self.objects if o.role in ("created", "altered", "dropped", "written")), None)


@dataclass(frozen=True, slots=True)
class LockFact:
    """A lock the statement takes and keeps to the end of its transaction; `why` where that is not plain."""

    object: ObjectRef
    mode: LockMode
    why: str = ""
    certain: bool = True
    origin: Origin = "parsed"


@dataclass(frozen=True, slots=True)
class ScanFact:
    """A read of a whole table while the statement's locks are held.

    `kind`: "check", "not null", "foreign key", "index build", "partition", "rewrite", "rows". `certain`
    False: it depends on what is not known (an old type, a partition's rows) and has to be reckoned with.
    """

    object: ObjectRef
    kind: str
    why: str = ""
    certain: bool = True
    origin: Origin = "parsed"


@dataclass(frozen=True, slots=True)
class RewriteFact:
    """A new copy of the whole table and its indexes, made while the statement's locks are held."""

    object: ObjectRef
    why: str = ""
    certain: bool = True
    origin: Origin = "parsed"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known of one statement on one server version (major).

    `refuses_transaction`: it fails inside a transaction block and so needs an autocommit block.
    `controls_transaction`: it ends or begins one itself. `lossy` says what data goes and cannot be had back
    by a reverse statement; empty when nothing does. `reversible`: a statement exists that undoes it.
    `fresh` are names of objects in `reading.objects` made in the same "transaction", "revision" or "plan".
    """

    reading: Reading
    version: int
    locks: tuple[LockFact, ...] = ()
    scans: tuple[ScanFact, ...] = ()
    rewrites: tuple[RewriteFact, ...] = ()
    refuses_transaction: bool = False
    controls_transaction: bool = False
    fails: str = ""
    phase: Phase = "neutral"
    reversible: bool = True
    lossy: tuple[str, ...] = ()
    fresh: tuple[tuple[Name, Literal["transaction", "revision", "plan"]], ...] = ()
    doubts: tuple[str, ...] = field(default=())

    @property
    def understood(self) -> bool:
        """False when any part of the statement was not read; it may then do anything."""
        return self.reading.understood

    @property
    def created(self) -> tuple[ObjectRef, ...]:
        """What the statement makes."""
        return tuple(o for o in self.reading.objects if o.role == "created")
