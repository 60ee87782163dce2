"""Reads CREATE TABLE in its four forms, and CREATE FOREIGN TABLE."""

from __future__ import annotations

from alembic_safe.model.facts import Action, Column
from alembic_safe.sql.columns import (
    at_table_constraint,
    read_column,
    read_column_rest,
    read_table_constraint,
)
from alembic_safe.sql.cursor import Cursor
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.statements.alter_table import read_bound
from alembic_safe.sql.statements.query import read_query

_STORAGE = frozenset(
    {"with", "without", "on", "tablespace", "using", "server", "options", "partition", "inherits"}
)


def read_create_table(cursor: Cursor, draft: Draft, kind: str = "table") -> Draft:
    """From after TABLE; TEMPORARY and UNLOGGED are in the draft's flags already."""
    draft.flag_if(cursor, "if", "not", "exists")
    draft.add(kind, cursor.name(), "created")
    if _is_as(cursor):
        return _create_as(cursor, draft)
    typed = False
    if cursor.accept("partition", "of"):
        typed = True
        parent = draft.add("table", cursor.name(), "parent")
        draft.act(Action("partition of", object=parent))
    elif cursor.accept("of"):
        typed = True
        draft.act(Action("of", object=draft.add("type", cursor.name(), "used")))
    if cursor.at("("):
        read_elements(cursor, draft, typed=typed)
    if typed and (bound := read_bound(cursor)) is not None:
        draft.act(Action("partition bound", value=bound))
    _clauses(cursor, draft)
    return draft


def _is_as(cursor: Cursor) -> bool:
    """Whether AS stands outside brackets: only CREATE TABLE AS has that."""
    start = cursor.i
    cursor.skip_until(("as", ")"))
    found = cursor.at("as")
    cursor.i = start
    return found


def _create_as(cursor: Cursor, draft: Draft) -> Draft:
    draft.kind = "create table as"
    cursor.skip_until(("as",))
    cursor.expect("as")
    if cursor.accept("execute"):
        cursor.identifier()
        cursor.skip_until(("with",))
    read_create_as_query(cursor, draft)
    return draft


def read_create_as_query(cursor: Cursor, draft: Draft) -> None:
    """A query, with WITH [NO] DATA at the end."""
    keys = cursor.keys
    last = len(keys) - 4
    for words in (("with", "no", "data"), ("with", "data")):
        if tuple(keys[last - len(words) : last]) == words:
            draft.flags.add(" ".join(words))
            last -= len(words)
            break
    if cursor.i < last:
        read_query(cursor, draft, last)
    cursor.rest()


def read_elements(cursor: Cursor, draft: Draft, *, typed: bool = False) -> None:
    """`(columns, constraints, LIKE)`; each becomes an action "column", "constraint" or "like"."""
    cursor.expect("(")
    if cursor.accept(")"):
        return
    while True:
        _element(cursor, draft, typed=typed)
        if not cursor.accept(","):
            break
    cursor.expect(")")


def _element(cursor: Cursor, draft: Draft, *, typed: bool) -> None:
    if at_table_constraint(cursor):
        constraint = read_table_constraint(cursor)
        if constraint.references is not None:
            draft.add("table", constraint.references, "referenced")
        draft.act(Action("constraint", constraint.name, constraint=constraint))
        return
    if cursor.at("like") and cursor.keys[cursor.i + 1] not in (",", ")"):
        cursor.i += 1
        source = draft.add("table", cursor.name(), "read")
        while word := cursor.accept_any(("including", "excluding")):
            draft.flags.add(f"{word} {cursor.word()}")
        draft.act(Action("like", object=source))
        return
    column = read_column_rest(cursor, Column(cursor.identifier())) if typed else read_column(cursor)
    for constraint in column.constraints:
        if constraint.references is not None:
            draft.add("table", constraint.references, "referenced")
    draft.act(Action("column", column.name, column=column))


def _clauses(cursor: Cursor, draft: Draft) -> None:
    """What follows the elements, in any order."""
    while not cursor.done:
        if cursor.accept("inherits"):
            cursor.expect("(")
            while not cursor.accept(")"):
                draft.act(Action("inherit", object=draft.add("table", cursor.name(), "parent")))
                cursor.accept(",")
        elif cursor.accept("partition", "by"):
            method = cursor.word()
            start, end = cursor.parens()
            draft.act(Action("partition by", method, value=cursor.slice(start, end)))
        elif cursor.accept("on", "commit"):
            draft.flags.add("on commit " + cursor.word())
            cursor.accept("rows")
        elif cursor.accept("without", "oids"):
            pass
        elif word := cursor.accept_any(_STORAGE):
            cursor.parens() if word in ("with", "options") else cursor.identifier()
        else:
            raise cursor.unexpected("a clause of CREATE TABLE")
