"""Reads ALTER [COLUMN] name ..., from the name on."""

from __future__ import annotations

from alembic_safe.model.facts import Action, Expression
from alembic_safe.sql.columns import read_default
from alembic_safe.sql.cursor import NUMBER, Cursor
from alembic_safe.sql.expressions import look_at
from alembic_safe.sql.types import read_type


def read_alter_column(cursor: Cursor) -> Action:
    """One action on a column; an index's column is named by its number."""
    if cursor.at(NUMBER):
        name = cursor.slice(cursor.i, cursor.i + 1)
        cursor.i += 1
    else:
        name = cursor.identifier()
    if cursor.accept("type") or cursor.accept("set", "data", "type"):
        return _type(cursor, name)
    if cursor.accept("drop"):
        return _drop(cursor, name)
    if cursor.accept("add", "generated"):
        return _identity_add(cursor, name)
    if cursor.accept("reset"):
        return Action("reset column options", name, value=_group(cursor))
    if cursor.accept("options"):
        return Action("column foreign options", name, value=_group(cursor))
    if cursor.at("restart") or cursor.at("set", "generated") or _at_sequence_option(cursor):
        return Action("set identity", name, value=cursor.skip_until((",",)))
    cursor.expect("set")
    return _set(cursor, name)


def _at_sequence_option(cursor: Cursor) -> bool:
    return cursor.at("set") and cursor.keys[cursor.i + 1] in _SEQUENCE


_SEQUENCE = {"increment", "start", "minvalue", "maxvalue", "no", "cycle", "cache", "restart", "sequence"}


def _group(cursor: Cursor) -> str:
    start, end = cursor.parens()
    return cursor.slice(start, end)


def _type(cursor: Cursor, name: str) -> Action:
    type_ = read_type(cursor)
    collation = str(cursor.name()) if cursor.accept("collate") else None
    using = None
    if cursor.accept("using"):
        start = cursor.i
        cursor.skip_until((",",))
        using = look_at(cursor, start, cursor.i)
    return Action("alter column type", name, type=type_, expression=using, value=collation)


def _drop(cursor: Cursor, name: str) -> Action:
    for words, kind in (
        ("default", "drop default"),
        ("not null", "drop not null"),
        ("expression", "drop expression"),
        ("identity", "drop identity"),
    ):
        if cursor.accept(*words.split()):
            flags = frozenset({"if exists"} if cursor.accept("if", "exists") else ())
            return Action(kind, name, flags=flags)
    raise cursor.unexpected("what to drop")


def _identity_add(cursor: Cursor, name: str) -> Action:
    value = "always" if cursor.accept("always") else "by default"
    if value == "by default":
        cursor.expect("by", "default")
    cursor.expect("as", "identity")
    if cursor.at("("):
        value += f" {cursor.slice(*cursor.parens())}"
    return Action("add identity", name, value=value)


def _set(cursor: Cursor, name: str) -> Action:
    if cursor.accept("not", "null"):
        return Action("set not null", name)
    if cursor.accept("default"):
        return Action("set default", name, expression=read_default_to_comma(cursor))
    if cursor.accept("expression", "as"):
        start, end = cursor.parens()
        return Action("set expression", name, expression=look_at(cursor, start, end))
    if cursor.at("("):
        return Action("set column options", name, value=_group(cursor))
    for word in ("statistics", "storage", "compression"):
        if cursor.accept(word):
            return Action(f"set {word}", name, value=cursor.skip_until((",",)))
    raise cursor.unexpected("what to set")


def read_default_to_comma(cursor: Cursor) -> Expression:
    """An expression up to the next comma outside brackets; here nothing else can follow it."""
    start = cursor.i
    cursor.skip_until((",",))
    if cursor.i == start:
        return read_default(cursor)
    return look_at(cursor, start, cursor.i)
