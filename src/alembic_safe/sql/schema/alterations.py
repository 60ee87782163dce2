"""What the actions of ALTER TABLE change in the schema model, one function an action."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from alembic_safe.model.facts import HOLE, Action, Constraint, Name, Reading
from alembic_safe.sql.schema.keys import Pair, relying_on_column, relying_on_constraint
from alembic_safe.sql.schema.model import GONE, ColumnState, Schema, TableState, key
from alembic_safe.sql.schema.tables import add_constraint, attach, column_state, detach, mentioned
from alembic_safe.sql.schema.views import without_users


def alter_table(schema: Schema, reading: Reading) -> Schema:
    """All actions in turn, on the table and its children. A table not known becomes known in part."""
    target = reading.target
    if target is None or not reading.actions or not target.name.certain:
        return schema
    name = target.name
    if schema.table(name) is None:
        if schema.knows_all:
            return schema
        schema = schema.with_table(TableState(name, target.kind, complete=False))
    for action in reading.actions:
        change = _CHANGES.get(action.kind)
        if change is not None:
            for table in (name, *(t.name for t in schema.descendants(name) if "only" not in reading.flags)):
                schema = change(schema, table, action) if table == name or action.kind in _RECURSE else schema
        if action.kind == "rename" and action.new_name:
            name = Name(action.new_name, name.schema)
    return schema


_RECURSE = {
    "add column", "drop column", "rename column", "alter column type", "set not null", "drop not null",
    "add constraint", "drop constraint", "validate constraint", "set default", "drop default",
}  # fmt: skip


def _table(schema: Schema, name: Name) -> TableState:
    return schema.table(name) or TableState(name, complete=False)


def _add_column(schema: Schema, name: Name, action: Action) -> Schema:
    table, column = _table(schema, name), action.column
    if column is None or column.name == HOLE:
        return schema
    if column.name in table.columns and "if not exists" in action.flags:
        return schema
    schema = schema.with_table(replace(table, columns={**table.columns, column.name: column_state(column)}))
    for constraint in column.constraints:
        schema = add_constraint(schema, name, constraint)
    return schema


def _without(schema: Schema, pairs: tuple[Pair, ...]) -> Schema:
    """Without these foreign keys, which CASCADE takes along."""
    for other, foreign in pairs:
        table = _table(schema, other.name)
        kept = {k: c for k, c in table.constraints.items() if k != foreign.name}
        schema = schema.with_table(replace(table, constraints=kept))
    return schema


def _drop_column(schema: Schema, name: Name, action: Action) -> Schema:
    column = action.name or ""
    if "cascade" in action.flags:
        schema = _without(schema, relying_on_column(schema, name, column))
        schema = without_users(schema, name, column)
    table = _table(schema, name)
    columns = {k: v for k, v in table.columns.items() if k != column}
    kept = {
        k: c
        for k, c in table.constraints.items()
        if column not in c.columns and not (c.kind == "check" and column in mentioned(c.expression))
    }
    schema = schema.with_table(replace(table, columns=columns, constraints=kept))
    gone = {
        k
        for k, i in schema.indexes.items()
        if key(i.table) == key(name) and _uses(i.columns, i.depends, column)
    }
    return replace(schema, indexes={k: v for k, v in schema.indexes.items() if k not in gone})


def _uses(columns: tuple[str, ...], depends: frozenset[str], column: str) -> bool:
    return column in columns or column in depends


def _change_column(schema: Schema, name: Name, action: Action) -> Schema:
    table = _table(schema, name)
    column = table.columns.get(action.name or "")
    if column is None:
        if table.complete or action.kind not in ("alter column type", "set not null"):
            return schema
        column = ColumnState(action.name or "")
    if action.kind == "alter column type":
        column = replace(column, type=action.type, collation=action.value or column.collation)
    elif action.kind == "set not null":
        column = replace(column, not_null=True, not_null_valid=True)
    elif action.kind == "drop not null":
        column = replace(column, not_null=False)
    elif action.kind in ("set default", "drop default"):
        column = replace(column, default=action.expression, serial=False)
    elif action.kind in ("drop expression", "drop identity"):
        column = replace(column, generated="")
    elif action.kind == "add identity":
        column = replace(column, generated="identity")
    return schema.with_table(replace(table, columns={**table.columns, column.name: column}))


def _add(schema: Schema, name: Name, action: Action) -> Schema:
    return add_constraint(schema, name, action.constraint) if action.constraint else schema


def _drop_constraint(schema: Schema, name: Name, action: Action) -> Schema:
    table = _table(schema, name)
    held = table.constraints.get(action.name or "")
    if held is not None and "cascade" in action.flags:
        schema = _without(schema, relying_on_constraint(schema, name, held))
        table = _table(schema, name)
    kept = {k: c for k, c in table.constraints.items() if k != action.name}
    schema = schema.with_table(replace(table, constraints=kept))
    index = schema.index(Name(action.name or "", name.schema))
    if index is not None and index.constraint == action.name:
        schema = replace(schema, indexes={k: v for k, v in schema.indexes.items() if v is not index})
    return schema


def _validate(schema: Schema, name: Name, action: Action) -> Schema:
    table = _table(schema, name)
    constraint = table.constraints.get(action.name or "")
    if constraint is None:
        return schema
    schema = schema.with_table(
        replace(table, constraints={**table.constraints, action.name or "": replace(constraint, valid=True)})
    )
    return add_not_null(schema, name, constraint) if constraint.kind == "not null" else schema


def add_not_null(schema: Schema, name: Name, constraint: Constraint) -> Schema:
    """A NOT NULL constraint that is valid now."""
    table = _table(schema, name)
    columns = dict(table.columns)
    for column in constraint.columns:
        if column in columns:
            columns[column] = replace(columns[column], not_null=True, not_null_valid=True)
    return schema.with_table(replace(table, columns=columns))


def _rename_column(schema: Schema, name: Name, action: Action) -> Schema:
    """A column under another name, in all that the server ties to the column and not to its name."""
    table = _table(schema, name)
    old, new = action.name or "", action.new_name or ""

    def swap(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(new if x == old else x for x in names)

    columns = {
        (new if k == old else k): (replace(c, name=new) if k == old else c) for k, c in table.columns.items()
    }
    constraints = {
        k: replace(c, columns=swap(c.columns), expression=_reworded(c.expression, old, new))
        for k, c in table.constraints.items()
    }
    dependents = {label: swap(names) for label, names in table.dependents.items()}
    table = replace(table, columns=columns, constraints=constraints, dependents=dependents)
    schema = schema.with_table(replace(table, partition_key=swap(table.partition_key)))
    indexes = {
        k: replace(i, columns=swap(i.columns), depends=frozenset(swap(i.depends)))
        if key(i.table) == key(name)
        else i
        for k, i in schema.indexes.items()
    }
    views = {
        k: replace(
            t,
            uses=tuple((of, new if key(of) == key(name) and x == old else x) for of, x in t.uses),
            shape=_reshaped(t, old, new) if (key(name), old) in t.uses else t.shape,
        )
        for k, t in schema.tables.items()
        if t.uses
    }
    return replace(schema, indexes=indexes, tables={**schema.tables, **views})


def _reshaped(view: TableState, old: str, new: str) -> tuple[tuple[str, str], ...]:
    return tuple((what, _word(value, old, new)) for what, value in view.shape)


def _word(text: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![\w']){re.escape(old)}(?![\w'])", new, text)


def _reworded(expression: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![\w.]){re.escape(old)}(?!\w)", new, expression) if old in expression else expression


def _rename(schema: Schema, name: Name, action: Action) -> Schema:
    schema_name = action.value if action.kind == "set schema" else name.schema
    return move(schema, name, Name(action.new_name or name.name, schema_name))


def move(schema: Schema, old: Name, new: Name) -> Schema:
    """A table under another name, everywhere it is named."""
    table = schema.table(old)
    if table is None:
        return schema
    tables = {k: _renamed_in(t, old, new) for k, t in schema.tables.items() if k != key(old)}
    # a copy that takes the place of a table is as old as that was
    born = schema.others.get(("copied", key(old)), table.born)
    tables[key(new)] = replace(_renamed_in(table, old, new), name=new, born=born)
    indexes = {k: replace(i, table=new) if key(i.table) == key(old) else i for k, i in schema.indexes.items()}
    rights = {key(new) if k == key(old) else k: given for k, given in schema.rights.items()}
    others = {**schema.others, (GONE, key(old)): schema.clock}
    return replace(schema, tables=tables, indexes=indexes, rights=rights, others=others)


def _renamed_in(table: TableState, old: Name, new: Name) -> TableState:
    def swap(names: tuple[Name, ...]) -> tuple[Name, ...]:
        return tuple(new if key(n) == key(old) else n for n in names)

    if not (table.parents or table.children or table.reads or table.constraints or table.uses):
        return table
    constraints = {
        k: replace(c, references=new) if c.references is not None and key(c.references) == key(old) else c
        for k, c in table.constraints.items()
    }
    return replace(
        table,
        parents=swap(table.parents),
        children=swap(table.children),
        reads=swap(table.reads),
        uses=tuple((new if key(of) == key(old) else of, column) for of, column in table.uses),
        shape=_reshaped(table, old.name, new.name) if key(old) in map(key, table.reads) else table.shape,
        constraints=constraints,
    )


def _rename_constraint(schema: Schema, name: Name, action: Action) -> Schema:
    table = _table(schema, name)
    new = action.new_name or ""
    constraints = {
        (new if k == action.name else k): (replace(c, name=new) if k == action.name else c)
        for k, c in table.constraints.items()
    }
    return schema.with_table(replace(table, constraints=constraints))


def _identity(schema: Schema, name: Name, action: Action) -> Schema:
    """REPLICA IDENTITY: DEFAULT is the primary key, as if nothing had been said."""
    value = "" if action.value in (None, "default") else action.value or ""
    return schema.with_table(replace(_table(schema, name), replica_identity=value))


def _logged(schema: Schema, name: Name, action: Action) -> Schema:
    return schema.with_table(replace(_table(schema, name), unlogged=action.kind == "set unlogged"))


def _attach(schema: Schema, name: Name, action: Action) -> Schema:
    return attach(schema, name, action.object.name, action.value) if action.object else schema


def _detach(schema: Schema, name: Name, action: Action) -> Schema:
    return detach(schema, name, action.object.name) if action.object else schema


def _inherit(schema: Schema, name: Name, action: Action) -> Schema:
    return attach(schema, action.object.name, name, None) if action.object else schema


def _no_inherit(schema: Schema, name: Name, action: Action) -> Schema:
    return detach(schema, action.object.name, name) if action.object else schema


_CHANGES: dict[str, Callable[[Schema, Name, Action], Schema]] = {
    "add column": _add_column,
    "drop column": _drop_column,
    "add constraint": _add,
    "drop constraint": _drop_constraint,
    "validate constraint": _validate,
    "rename column": _rename_column,
    "rename constraint": _rename_constraint,
    "rename": _rename,
    "set schema": _rename,
    "attach partition": _attach,
    "detach partition": _detach,
    "detach partition finalize": _detach,
    "replica identity": _identity,
    "set logged": _logged,
    "set unlogged": _logged,
    "inherit": _inherit,
    "no inherit": _no_inherit,
    **dict.fromkeys(
        (
            "alter column type", "set not null", "drop not null", "set default", "drop default",
            "drop expression", "drop identity", "add identity",
        ),
        _change_column,
    ),
}  # fmt: skip
