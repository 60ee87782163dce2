"""Effects of adding, validating and dropping constraints."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Action, Constraint, Name
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.schema.keys import Pair, relying_on_constraint
from alembic_safe.sql.schema.model import key
from alembic_safe.sql.server.locks import AX, RS, SRX, partition_unique_lock


def add_constraint(effects: Effects, name: Name, action: Action) -> None:
    """ADD CONSTRAINT of each kind."""
    constraint = action.constraint
    if constraint is None:
        return
    effects.phase_is("contract")
    if constraint.kind == "foreign key":
        _foreign_key(effects, name, constraint)
    elif constraint.kind == "check":
        if constraint.valid and constraint.enforced:
            _verified(effects, name, constraint)
    elif constraint.kind == "not null":
        _not_null(effects, name, constraint)
    elif constraint.using_index is not None:
        _using_index(effects, name, constraint)
    else:
        _builds_index(effects, name, constraint)
    if not constraint.enforced and effects.version < 18:
        effects.fails = "NOT ENFORCED exists from PostgreSQL 18 on"


def _verified(effects: Effects, name: Name, constraint: Constraint) -> None:
    """A CHECK over all rows, but those of children that have it already or do not get it."""
    if constraint.no_inherit:
        effects.scan_one(name, "check", "every row is verified")
        return
    for place in effects.stored(name):
        table = effects.table(place)
        if place == name or table is None or constraint.name not in table.constraints:
            effects.scan_one(place, "check", "every row is verified")


def _foreign_key(effects: Effects, name: Name, constraint: Constraint) -> None:
    referenced = constraint.references
    if referenced is None:
        return
    effects.lock_referenced(referenced, SRX, "the foreign key's triggers are made on it")
    own = effects.table(name)
    if own is not None and own.partitioned and not constraint.valid and effects.version < 18:
        effects.fails = "NOT VALID on a partitioned table exists from PostgreSQL 18 on"
    if constraint.valid and constraint.enforced:
        effects.scan(name, "foreign key", "every row is looked up")
        effects.scan(referenced, "foreign key", "every row is looked up in it", certain=False)


def _not_null(effects: Effects, name: Name, constraint: Constraint) -> None:
    if effects.version < 18:
        effects.fails = "NOT NULL as a table constraint exists from PostgreSQL 18 on"
        return
    table = effects.table(name)
    column = table.columns.get(constraint.columns[0]) if table and constraint.columns else None
    if constraint.valid and not (column is not None and column.not_null and column.not_null_valid):
        effects.scan(name, "not null", "every row is verified", certain=effects.known(name))


def _using_index(effects: Effects, name: Name, constraint: Constraint) -> None:
    """No build; a primary key still verifies NOT NULL where that is not held."""
    index = effects.schema.index(Name(constraint.using_index or "", name.schema))
    table = effects.table(name)
    if effects.partitioned(name):
        effects.fails = "USING INDEX is refused on a partitioned table"
    elif index is not None and not index.unique:
        effects.fails = f"{index.name} is not a unique index"
    elif index is not None and index.depends:
        effects.fails = f"{index.name} is partial or has an expression, which backs no constraint"
    if constraint.kind != "primary key":
        return
    columns = [table.columns.get(c) for c in index.columns] if table and index else []
    if not columns or any(c is None or not c.not_null for c in columns):
        certain = bool(columns) and effects.known(name)
        effects.scan(name, "not null", "a primary key's columns are made NOT NULL", certain=certain)


def _builds_index(effects: Effects, name: Name, constraint: Constraint) -> None:
    effects.scan(name, "index build", f"{constraint.kind.upper()} builds an index")
    table = effects.table(name)
    if table is not None and table.partitioned:
        mode = partition_unique_lock(effects.version)
        for child in effects.schema.descendants(name):
            place = ("relation", key(child.name))
            effects.locks.pop(place, None)
            effects.lock(child.name, mode, f"a partition of {name}")


def validate_constraint(effects: Effects, name: Name, action: Action) -> None:
    """VALIDATE: a scan under SHARE UPDATE EXCLUSIVE; nothing where it is valid already."""
    effects.phase_is("backfill")
    table = effects.table(name)
    constraint = table.constraints.get(action.name or "") if table else None
    if constraint is None:
        effects.scan(name, "check", "what the constraint is, is not known", certain=False)
    elif constraint.valid:
        return
    elif constraint.references is not None:
        effects.lock(constraint.references, RS, "every row is looked up in it")
        effects.scan(name, "foreign key", "every row is looked up")
        effects.scan(constraint.references, "foreign key", "through its index or whole", certain=False)
    elif constraint.no_inherit:
        effects.scan_one(name, "check", "every row is verified")
    else:
        effects.scan(name, "not null" if constraint.kind == "not null" else "check", "every row is verified")


def drop_constraint(effects: Effects, name: Name, action: Action) -> None:
    """DROP CONSTRAINT: instant; a foreign key locks the other table too."""
    effects.phase_is("contract")
    table = effects.table(name)
    constraint = table.constraints.get(action.name or "") if table else None
    if constraint is None:
        effects.doubts.append("if it is a foreign key, the referenced table is locked as well")
        return
    drop_foreign_key(effects, constraint)
    index = effects.schema.index(Name(constraint.name or "", name.schema))
    if index is not None and constraint.kind != "check":
        effects.lock(index.name, AX, "the constraint's index goes", kind="index")
    tied_keys(effects, name, action, relying_on_constraint(effects.schema, name, constraint))


def tied_keys(effects: Effects, name: Name, action: Action, tied: tuple[Pair, ...]) -> None:
    """Foreign keys that need what is dropped: CASCADE takes them along, else the server refuses (2BP01)."""
    if "cascade" in action.flags:
        for other, foreign in tied:
            effects.lock(other.name, AX, f"its {foreign.name} goes")
        return
    # an earlier action of the same statement may have dropped a table's key to itself
    gone = {a.name for a in effects.reading.actions if a.kind == "drop constraint"}
    left = [f"{c.name} of {t.name}" for t, c in tied if not (key(t.name) == key(name) and c.name in gone)]
    if left:
        effects.fails = f"the foreign key {', '.join(left)} depends on {action.name} of {name} (2BP01)"


def drop_foreign_key(effects: Effects, constraint: Constraint) -> None:
    """The referenced table is locked where a foreign key goes, for its triggers."""
    if constraint.references is not None:
        effects.lock_referenced(constraint.references, AX, "the foreign key's triggers on it go")


def alter_constraint(effects: Effects, name: Name, action: Action) -> None:
    """ALTER CONSTRAINT: instant, but errors come at another time."""
    effects.phase_is("contract")


JUDGES: dict[str, Callable[[Effects, Name, Action], None]] = {
    "add constraint": add_constraint,
    "validate constraint": validate_constraint,
    "drop constraint": drop_constraint,
    "alter constraint": alter_constraint,
}
