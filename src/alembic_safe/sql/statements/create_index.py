"""Reads CREATE INDEX."""

from __future__ import annotations

from alembic_safe.model.facts import Action, Name
from alembic_safe.sql.cursor import Cursor
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.expressions import look_at


def read_create_index(cursor: Cursor, draft: Draft) -> Draft:
    """From after INDEX; UNIQUE is in the draft's flags already.

    Each key is an action "index key" with `name` (a column) or `expression`, each included column "index
    include", the predicate "index predicate".
    """
    draft.flag_if(cursor, "concurrently")
    draft.flag_if(cursor, "if", "not", "exists")
    named = "" if cursor.at("on") else cursor.identifier()
    cursor.expect("on")
    if cursor.accept("only"):
        draft.flags.add("only")
    table = cursor.name()
    if named:
        draft.add("index", Name(named, table.schema), "created")
    draft.add("table", table, "on")
    if cursor.accept("using"):
        draft.act(Action("index method", cursor.identifier()))
    _keys(cursor, draft)
    _clauses(cursor, draft)
    return draft


def _keys(cursor: Cursor, draft: Draft) -> None:
    cursor.expect("(")
    while True:
        start = cursor.i
        if cursor.at_name() and cursor.keys[cursor.i + 1] not in ("(", "."):
            draft.act(Action("index key", cursor.identifier()))
        else:
            if not cursor.at("("):
                cursor.name()
            cursor.parens()
            draft.act(Action("index key", expression=look_at(cursor, start, cursor.i)))
        cursor.skip_until((",", ")"))
        if not cursor.accept(","):
            break
    cursor.expect(")")


def _clauses(cursor: Cursor, draft: Draft) -> None:
    if cursor.accept("include"):
        start, end = cursor.parens()
        for part in cursor.slice(start, end).split(","):
            draft.act(Action("index include", part.strip().strip('"')))
    if not draft.flag_if(cursor, "nulls", "not", "distinct"):
        cursor.accept("nulls", "distinct")
    if cursor.accept("with"):
        cursor.parens()
    if cursor.accept("tablespace"):
        cursor.identifier()
    if cursor.accept("where"):
        start = cursor.i
        cursor.rest()
        draft.act(Action("index predicate", expression=look_at(cursor, start, cursor.i)))
