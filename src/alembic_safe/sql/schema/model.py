"""The values of the schema model. Immutable: a change gives a new `Schema` that shares what stayed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Literal

from alembic_safe.model.facts import Constraint, DataType, Expression, Name, Reading
from alembic_safe.quick import dataclass
from alembic_safe.sql.schema.routines import RoutineState

Age = Literal["transaction", "revision", "plan"]


@dataclass(frozen=True, slots=True)
class Clock:
    """Where in the plan a statement stands: ordinals of its revision and transaction; plan 0 is history."""

    plan: int = 0
    revision: int = 0
    transaction: int = 0

    def age(self, born: Clock | None) -> Age | None:
        """How new something made at `born` is now; None for what was there before the plan."""
        if born is None or born.plan != self.plan or self.plan == 0:
            return None
        if born.transaction == self.transaction:
            return "transaction"
        return "revision" if born.revision == self.revision else "plan"


@dataclass(frozen=True, slots=True)
class ColumnState:
    """A column as it stands. `not_null_valid` False: NOT NULL is there but NOT VALID (18).

    `serial`: a serial type gave it its default.
    """

    name: str
    type: DataType | None = None
    not_null: bool = False
    not_null_valid: bool = True
    default: Expression | None = None
    generated: str = ""
    collation: str | None = None
    serial: bool = False


@dataclass(frozen=True, slots=True)
class IndexState:
    """An index. `depends` are columns in its expressions or predicate, whose change rebuilds it."""

    name: Name
    table: Name
    columns: tuple[str, ...] = ()
    unique: bool = False
    depends: frozenset[str] = frozenset()
    constraint: str | None = None


@dataclass(frozen=True, slots=True)
class TableState:
    """A table, view or materialized view. `complete`: its making was seen, so its columns are known.

    `replica_identity` is "" (the primary key), "full", "index" or "nothing".
    `uses` are the columns that a view reads, `dependents` what hangs on the table's own columns: a trigger, policy or
    rule in words, with the columns it names. `shape` is what a view says of its rows, columns and options
    (`sql.shapes`).
    """

    name: Name
    kind: str = "table"
    columns: Mapping[str, ColumnState] = field(default_factory=dict)
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    partitioned: bool = False
    unlogged: bool = False
    parents: tuple[Name, ...] = ()
    children: tuple[Name, ...] = ()
    default_partition: Name | None = None
    bound: str | None = None
    reads: tuple[Name, ...] = ()
    triggers: Mapping[str, Name] = field(default_factory=dict)
    uses: tuple[tuple[Name, str], ...] = ()
    dependents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    partition_key: tuple[str, ...] = ()
    replica_identity: str = ""
    shape: tuple[tuple[str, str], ...] = ()
    complete: bool = True
    born: Clock | None = None


NOT_NULL = "not null"
BY_DEFAULT = "default privileges"
GONE, FROM_CATALOG = "gone", "catalog"
KEPT = frozenset(
    {"sequence", "publication", "aggregate", "operator", "collation", "server", "statistics", "cast"}
)


@dataclass(frozen=True, slots=True)
class TypeState:
    """An enum, domain or composite type. A domain has a base and may be constrained.

    `constraints` are the names of a domain's, NOT_NULL for its NOT NULL; None where not all of them are known.
    """

    name: Name
    kind: Literal["enum", "domain", "composite"]
    base: DataType | None = None
    constrained: bool = False
    unchecked: frozenset[str] = frozenset()
    values: tuple[str, ...] = ()
    added: Mapping[str, Clock] = field(default_factory=dict)
    born: Clock | None = None
    constraints: frozenset[str] | None = None


def key(name: Name) -> Name:
    """Names are compared without the default schema: `public.t` is `t`."""
    return Name(name.name) if name.schema == "public" else name


@dataclass(frozen=True, slots=True)
class Schema:
    """Everything known. `knows_all`: history was replayed from empty, so what is not here is not there.

    `search_path` is one that a statement has set; empty as long as the session's own holds. `path_local`: it
    ends with the transaction, and then `session_path` holds. `rights` are those given on a relation: "role privilege".
    """

    tables: Mapping[Name, TableState] = field(default_factory=dict)
    indexes: Mapping[Name, IndexState] = field(default_factory=dict)
    types: Mapping[Name, TypeState] = field(default_factory=dict)
    others: Mapping[tuple[str, Name], Clock] = field(default_factory=dict)
    routines: Mapping[Name, tuple[RoutineState, ...]] = field(default_factory=dict)
    rights: Mapping[Name, frozenset[str]] = field(default_factory=dict)
    search_path: tuple[str, ...] = ()
    path_local: bool = False
    session_path: tuple[str, ...] = ()
    clock: Clock = field(default_factory=Clock)
    knows_all: bool = False

    def table(self, name: Name) -> TableState | None:
        """The relation of this name, if it is known."""
        return self.tables.get(key(name)) if name.certain else None

    def type(self, name: Name) -> TypeState | None:
        return self.types.get(key(name)) if name.certain else None

    def routines_of(self, name: Name) -> tuple[RoutineState, ...]:
        """The known signatures of a function or procedure."""
        return self.routines.get(key(name), ()) if name.certain else ()

    def index(self, name: Name) -> IndexState | None:
        return self.indexes.get(key(name)) if name.certain else None

    def gone(self, name: Name) -> bool:
        """Whether a relation of this name was seen to go, or to get another name, and none has it since."""
        return name.certain and (GONE, key(name)) in self.others and self.table(name) is None

    def there(self, kind: str, name: Name, table: Name | None = None) -> bool | None:
        """Whether something that is no relation, index or type is there; `table` is the one it belongs to.

        None where that is not known: what only a catalog told of, and what a server has beside the history.
        """
        if not self.knows_all or not name.certain or (FROM_CATALOG, Name("")) in self.others:
            return None
        if table is not None:
            known = self.table(table)
            if known is None or not known.complete:
                return None
            return name.name in known.triggers or f"the {kind} {name}" in known.dependents
        if kind in ("function", "procedure", "routine"):
            return bool(self.routines_of(name)) or (kind, key(name)) in self.others
        if kind == "sequence" and name.name.endswith("_seq"):
            # a serial or identity column may have made it, of a table that had another name then
            tables = (*self.tables, *(of for what, of in self.others if what == GONE))
            if any(name.name.startswith(f"{one.name}_") for one in tables):
                return None
        if kind == "schema":
            inside = any(one.schema == name.name for one in self.tables)
            return inside or name.name in ("public", "pg_catalog") or (kind, key(name)) in self.others
        return (kind, key(name)) in self.others if kind in KEPT else None

    def uses_type(self, name: Name) -> bool:
        """Whether a column, a domain or a routine may have this type; True where not everything is known."""
        if not self.knows_all:
            return True
        wanted = name.name
        types = [c.type for t in self.tables.values() for c in t.columns.values()]
        types += [t.base for t in self.types.values()]
        partly = any(not t.complete and t.kind == "table" for t in self.tables.values())
        signatures = [f"{r.signature} {r.returns}" for each in self.routines.values() for r in each]
        named = any(t is not None and t.name == wanted for t in types) or any(wanted in s for s in signatures)
        return partly or named

    def age(self, name: Name) -> Age | None:
        """How new the table of this name is; None when it is old or not known."""
        table = self.table(name)
        return self.clock.age(table.born) if table else None

    def with_table(self, table: TableState) -> Schema:
        return replace(self, tables={**self.tables, key(table.name): table})

    def without_table(self, name: Name) -> Schema:
        tables = {k: v for k, v in self.tables.items() if k != key(name)}
        indexes = {k: v for k, v in self.indexes.items() if key(v.table) != key(name)}
        return replace(self, tables=tables, indexes=indexes)

    def with_index(self, index: IndexState) -> Schema:
        return replace(self, indexes={**self.indexes, key(index.name): index})

    def indexes_of(self, name: Name) -> tuple[IndexState, ...]:
        wanted = key(name)
        return tuple(i for i in self.indexes.values() if key(i.table) == wanted and name.certain)

    def descendants(self, name: Name) -> tuple[TableState, ...]:
        """Partitions and inheriting tables, of all levels."""
        found: list[TableState] = []
        table = self.table(name)
        waiting = list(table.children) if table else []
        while waiting:
            child = self.table(waiting.pop(0))
            if child is not None and child not in found:
                found.append(child)
                waiting += child.children
        return tuple(found)

    def readers(self, name: Name) -> tuple[TableState, ...]:
        """Views that read this relation, directly or through others."""
        found: list[TableState] = []
        waiting = [key(name)] if name.certain else []
        while waiting:
            wanted = waiting.pop()
            for table in self.tables.values():
                if table.kind != "table" and table not in found and wanted in map(key, table.reads):
                    found.append(table)
                    waiting.append(key(table.name))
        return tuple(found)

    def pragma(self, name: str) -> str | None:
        """What a statement has set a pragma of SQLite's to, in lower case; None where none has."""
        values = (found.name for kind, found in self.others if kind == f"pragma {name}")
        return next(values, None)

    def rights_of(self, name: Name) -> frozenset[str]:
        """The rights that statements gave on a relation and that one made anew under its name does not get by itself:

        "role privilege". None are where default privileges give some.
        """
        if (BY_DEFAULT, Name("")) in self.others:
            return frozenset()
        return self.rights.get(key(name), frozenset())

    def triggers_of(self, table: str) -> tuple[TableState, ...]:
        """Triggers on a table of SQLite's, which stand beside its views."""
        return tuple(
            one
            for one in self.tables.values()
            if one.kind == "trigger" and table in (parent.name for parent in one.parents)
        )

    def referencing(self, name: Name) -> tuple[tuple[TableState, Constraint], ...]:
        """Foreign keys of other tables (and its own) that point at this table."""
        wanted = key(name)
        return tuple(
            (table, constraint)
            for table in self.tables.values()
            for constraint in table.constraints.values()
            if constraint.references is not None and key(constraint.references) == wanted and name.certain
        )

    def users_of(self, table: Name, column: str) -> tuple[str, ...]:
        """What makes the server refuse another type for a column, or to drop it: views, policies, triggers, rules

        and the partition key, in words.
        """
        known, wanted = self.table(table), key(table)
        found = [
            f"the {other.kind} {other.name}"
            for other in self.tables.values()
            if other.kind != "table" and any(key(of) == wanted and name == column for of, name in other.uses)
        ]
        if known is not None:
            found += [label for label, names in known.dependents.items() if column in names]
            found += ["the partition key"] if column in known.partition_key else []
        return tuple(dict.fromkeys(found))

    def view_columns(self, reading: Reading) -> tuple[str, ...] | None:
        """The columns that a view would have as CREATE VIEW says, in order; None where they cannot be told."""
        listed = next((a.value for a in reading.actions if a.kind == "view columns"), None)
        if listed is not None:
            return tuple(part.strip().strip('"') for part in listed.split(","))
        read = [o.name for o in reading.objects if o.role == "read"]
        found: list[str] = []
        for name in (a.name for a in reading.actions if a.kind == "output"):
            if name is None:
                return None
            table = self.table(read[0]) if name.endswith("*") and len(read) == 1 else None
            if name.endswith("*") and (table is None or not (table.complete or table.columns)):
                return None
            found += table.columns if table is not None else [name]
        return tuple(found) or None

    def begin_plan(self) -> Schema:
        """What comes now is the plan; what was before is history."""
        return replace(self._after_commit(), clock=Clock(self.clock.plan + 1, 1, 1))

    def begin_revision(self) -> Schema:
        clock = self.clock
        return replace(
            self._after_commit(), clock=Clock(clock.plan, clock.revision + 1, clock.transaction + 1)
        )

    def begin_transaction(self) -> Schema:
        clock = self.clock
        return replace(self._after_commit(), clock=Clock(clock.plan, clock.revision, clock.transaction + 1))

    def _after_commit(self) -> Schema:
        return replace(self, search_path=self.session_path, path_local=False) if self.path_local else self

    def with_path(self, path: tuple[str, ...], *, local: bool) -> Schema:
        """With a search_path that is set for the session, or for the transaction alone."""
        session = self.session_path if local else path
        return replace(self, search_path=path, path_local=local, session_path=session)
