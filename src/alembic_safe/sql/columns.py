"""Reads column definitions and constraints: in CREATE TABLE, ADD COLUMN, ADD CONSTRAINT, domains."""

from __future__ import annotations

from dataclasses import replace

from alembic_safe.model.facts import Column, Constraint, ConstraintKind, DataType, Expression
from alembic_safe.sql.cursor import Cursor
from alembic_safe.sql.expressions import look_at
from alembic_safe.sql.types import read_type
from alembic_safe.sql.words import words

# What may follow a column's default. A default is a b_expr: none of these can stand in one outside brackets,
# except as its first word (DEFAULT NULL).
_AFTER_DEFAULT = words(
    "constraint not null check unique primary references default generated collate deferrable initially "
    "cascade restrict storage compression options enforced , )"
)
_COLUMN_CONSTRAINTS = words("constraint not null check unique primary references default generated")
_ACTIONS = ("no action", "restrict", "cascade", "set null", "set default")


def read_column(cursor: Cursor) -> Column:
    """`name type [constraints]`, to the comma or bracket after it."""
    name = cursor.identifier()
    type_ = None if cursor.keys[cursor.i] in _TYPELESS else read_type(cursor)
    return read_column_rest(cursor, Column(name, type_))


_TYPELESS = _COLUMN_CONSTRAINTS | {",", ")", "with", "options", ""}


def read_column_rest(cursor: Cursor, column: Column) -> Column:
    """The constraints and clauses after a column's type."""
    constraints: list[Constraint] = []
    while True:
        key = cursor.keys[cursor.i]
        if key in ("", ",", ")", "cascade", "restrict"):
            return replace(column, constraints=tuple(constraints))
        if key == "collate":
            cursor.i += 1
            column = replace(column, collation=str(cursor.name()))
        elif key in ("storage", "compression"):
            cursor.i += 1
            cursor.identifier()
        elif key in ("options", "with"):
            cursor.i += 1
            if not cursor.accept("options"):
                cursor.parens()
        else:
            column = _clause(cursor, column, constraints)


def _clause(cursor: Cursor, column: Column, constraints: list[Constraint]) -> Column:
    """One column constraint, into `constraints` or into the column itself."""
    name = cursor.identifier() if cursor.accept("constraint") else None
    if cursor.accept("not", "null"):
        constraints.append(_attributes(cursor, Constraint("not null", name, (column.name,))))
    elif cursor.accept("null"):
        pass
    elif cursor.accept("default"):
        return replace(column, default=read_default(cursor))
    elif cursor.accept("generated"):
        return _generated(cursor, column)
    elif cursor.keys[cursor.i] in ("check", "unique", "primary", "references"):
        constraints.append(_column_constraint(cursor, name, column.name))
    else:
        raise cursor.unexpected("a column constraint")
    return column


def _column_constraint(cursor: Cursor, name: str | None, column: str) -> Constraint:
    if cursor.accept("check"):
        return _attributes(cursor, Constraint("check", name, (column,), expression=_inside(cursor)))
    if cursor.accept("references"):
        return _references(cursor, Constraint("foreign key", name, (column,)))
    kind: ConstraintKind = "unique" if cursor.accept("unique") else "primary key"
    if kind == "primary key":
        cursor.expect("primary", "key")
    return _index_parts(cursor, Constraint(kind, name, (column,)))


def read_default(cursor: Cursor) -> Expression:
    """The expression after DEFAULT."""
    start = cursor.i
    if cursor.at("("):
        cursor.parens()
    elif cursor.done:
        raise cursor.unexpected("an expression")
    else:
        cursor.i += 1
    while True:
        cursor.skip_until(_AFTER_DEFAULT)
        if not cursor.at("not") or cursor.at("not", "null") or cursor.at("not", "enforced"):
            break
        if cursor.at("not", "deferrable"):
            break
        cursor.i += 1
    return look_at(cursor, start, cursor.i)


def _generated(cursor: Cursor, column: Column) -> Column:
    if cursor.accept("by", "default"):
        pass
    else:
        cursor.expect("always")
    cursor.expect("as")
    if cursor.accept("identity"):
        if cursor.at("("):
            cursor.parens()
        return replace(column, generated="identity")
    start, end = cursor.parens()
    expression = look_at(cursor, start, end)
    if cursor.accept("stored"):
        return replace(column, generated="stored", default=expression)
    cursor.accept("virtual")  # the default from PostgreSQL 18 on; before it STORED has to be written
    return replace(column, generated="virtual", default=expression)


def at_table_constraint(cursor: Cursor) -> bool:
    """Whether a table constraint comes next, and not a column of such a name."""
    key, after = cursor.keys[cursor.i], cursor.keys[cursor.i + 1]
    if key in ("check", "exclude"):
        return after in ("(", "using")
    if key in ("unique", "primary", "foreign", "not"):
        return after in ("(", "key", "using", "nulls", "null")
    return key == "constraint"


def read_table_constraint(cursor: Cursor) -> Constraint:
    """`[CONSTRAINT name] CHECK|UNIQUE|PRIMARY KEY|FOREIGN KEY|EXCLUDE|NOT NULL ...` with its attributes."""
    name = cursor.identifier() if cursor.accept("constraint") else None
    if cursor.accept("check"):
        return _attributes(cursor, Constraint("check", name, expression=_inside(cursor)))
    if cursor.accept("not", "null"):
        return _attributes(cursor, Constraint("not null", name, (cursor.identifier(),)))
    if cursor.accept("foreign", "key"):
        return _references_clause(cursor, Constraint("foreign key", name, read_columns(cursor)))
    if cursor.accept("exclude"):
        return _exclude(cursor, name)
    kind: ConstraintKind = "unique" if cursor.accept("unique") else "primary key"
    if kind == "primary key":
        cursor.expect("primary", "key")
    constraint = Constraint(kind, name)
    if cursor.accept("using", "index"):
        return _attributes(cursor, replace(constraint, using_index=cursor.identifier()))
    distinct = _nulls_not_distinct(cursor)
    constraint = replace(constraint, columns=read_columns(cursor), nulls_not_distinct=distinct)
    return _index_parts(cursor, constraint)


def _nulls_not_distinct(cursor: Cursor) -> bool:
    if cursor.accept("nulls", "not", "distinct"):
        return True
    cursor.accept("nulls", "distinct")
    return False


def _exclude(cursor: Cursor, name: str | None) -> Constraint:
    if cursor.accept("using"):
        cursor.identifier()
    start, end = cursor.parens()
    after, columns = cursor.i, []
    cursor.i = start
    while cursor.i < end:
        if cursor.at_name() and cursor.keys[cursor.i + 1] != "(":
            columns.append(cursor.identifier())
        cursor.skip_until((",", ")"))
        cursor.accept(",")
    cursor.i = after
    constraint = Constraint("exclude", name, tuple(columns), cursor.slice(start, end))
    return _index_parts(cursor, constraint)


def _index_parts(cursor: Cursor, constraint: Constraint) -> Constraint:
    """INCLUDE, WITH, USING INDEX TABLESPACE and WHERE, then attributes."""
    if _nulls_not_distinct(cursor):
        constraint = replace(constraint, nulls_not_distinct=True)
    if cursor.accept("include"):
        constraint = replace(constraint, include=cursor.slice(*cursor.parens()))
    if cursor.accept("with"):
        cursor.parens()
    if cursor.accept("using", "index", "tablespace"):
        cursor.identifier()
    if cursor.accept("where"):
        cursor.parens()
    return _attributes(cursor, constraint)


def read_columns(cursor: Cursor) -> tuple[str, ...]:
    """`(a, b)`; an element may end in WITHOUT OVERLAPS, or begin with PERIOD."""
    cursor.expect("(")
    names: list[str] = []
    while True:
        if cursor.at("period") and cursor.keys[cursor.i + 1] not in (",", ")"):
            cursor.i += 1
        names.append(cursor.identifier())
        cursor.accept("without", "overlaps")
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return tuple(names)


def _inside(cursor: Cursor) -> str:
    start, end = cursor.parens()
    return cursor.slice(start, end)


def _references_clause(cursor: Cursor, constraint: Constraint) -> Constraint:
    cursor.expect("references")
    return _references(cursor, constraint)


def _references(cursor: Cursor, constraint: Constraint) -> Constraint:
    """What follows REFERENCES."""
    table = cursor.name()
    columns = read_columns(cursor) if cursor.at("(") else ()
    constraint = replace(constraint, references=table, referenced_columns=columns)
    while True:
        if cursor.accept("match"):
            cursor.word()
        elif cursor.accept("on", "delete"):
            constraint = replace(constraint, on_delete=_action(cursor))
        elif cursor.accept("on", "update"):
            constraint = replace(constraint, on_update=_action(cursor))
        else:
            return _attributes(cursor, constraint)


def _action(cursor: Cursor) -> str:
    for action in _ACTIONS:
        if cursor.accept(*action.split()):
            if action.startswith("set") and cursor.at("("):
                cursor.parens()
            return action
    raise cursor.unexpected("a referential action")


def _attributes(cursor: Cursor, constraint: Constraint) -> Constraint:
    """DEFERRABLE, INITIALLY, NOT VALID, NO INHERIT, ENFORCED in any order."""
    while True:
        if cursor.accept("not", "valid"):
            constraint = replace(constraint, valid=False)
        elif cursor.accept("not", "enforced"):
            constraint = replace(constraint, enforced=False, valid=False)
        elif cursor.accept("no", "inherit"):
            constraint = replace(constraint, no_inherit=True)
        elif cursor.accept("deferrable") or cursor.accept("initially", "deferred"):
            constraint = replace(constraint, deferrable=True)
        elif not (
            cursor.accept("not", "deferrable")
            or cursor.accept("initially", "immediate")
            or cursor.accept("enforced")
        ):
            return constraint


def read_domain_constraints(cursor: Cursor, type_: DataType | None) -> Column:
    """A domain's default and constraints, held as a column without a name."""
    return read_column_rest(cursor, Column("", type_))
