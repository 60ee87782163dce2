"""Finds the functions that a query calls and that may do more than compute a value."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Action, Name
from alembic_safe.sql.cursor import QUOTED, Cursor, NotUnderstood
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.expressions import NOT_FUNCTIONS
from alembic_safe.sql.server.functions import EFFECTS, volatility_of
from alembic_safe.sql.words import words

# Words that a call may follow. Behind any other word a bracket belongs to an alias, a type or a table.
_BEFORE = words(
    "select from where and or not when then else case on by all distinct having returning limit offset in any "
    "some between like ilike is using if elsif elseif while until union except intersect join lateral perform "
    "set with values into execute return call filter end array for exists update do"
) - words("into with update set")


def calls(cursor: Cursor, start: int, end: int) -> Iterator[tuple[Name, str]]:
    """(function, its arguments' source) of each call in tokens `start` to `end` (exclusive), in order."""
    keys = cursor.keys
    for index in range(start, end):
        key = keys[index]
        if keys[index + 1] != "(" or index + 1 >= end or key in NOT_FUNCTIONS:
            continue
        if not (key == QUOTED or (key and (key[0].isalpha() or key[0] == "_"))):
            continue
        first = index
        while first - 2 >= start and keys[first - 1] == ".":
            first -= 2
        if not _may_follow(keys, first, start) or _is_table_expression(cursor, index, first, start):
            continue
        kept, cursor.i = cursor.i, first
        name = cursor.name()
        cursor.i = kept
        yield name, cursor.slice(index + 2, cursor.close_of(index + 1))


def _may_follow(keys: list[str], first: int, start: int) -> bool:
    if first <= start:
        return True
    before = keys[first - 1]
    if before == QUOTED or before in (")", "]", ":"):
        return before == ":" and keys[first - 2] != ":"
    return not (before[0].isalpha() or before[0] in "_0'") or before in _BEFORE


def _is_table_expression(cursor: Cursor, index: int, first: int, start: int) -> bool:
    """`, name (columns) AS (query)`: a second common table expression."""
    if first <= start or cursor.keys[first - 1] != ",":
        return False
    after = cursor.close_of(index + 1) + 1
    if cursor.keys[after] != "as":
        return False
    after += 1 + (cursor.keys[after + 1] in ("materialized", "not"))
    return cursor.keys[after] in ("(", "materialized") and cursor.keys[after + 1] in words(
        "( select with values insert update delete merge table"
    )


def note_calls(cursor: Cursor, draft: Draft, start: int, end: int) -> None:
    """Enter each call of a function that is not the server's, or whose effects are known, as an action."""
    for name, arguments in calls(cursor, start, end):
        own = name.schema not in (None, "pg_catalog")
        if name.name in EFFECTS or volatility_of(name.name, builtin=not own) == "unknown":
            draft.act(Action("call", str(name), value=arguments))


def called_in(text: str) -> tuple[str, ...]:
    """Names of functions that a statement's text calls and the server does not bring, each once.

    For statements that write: `read` enters the calls of queries alone.
    """
    try:
        cursor = Cursor(text)
        cursor.rest()
        end, cursor.i = cursor.i, 0
        found = [name for name, _ in calls(cursor, 0, end)]
    except NotUnderstood:
        return ()
    return tuple(
        dict.fromkeys(
            str(name)
            for name in found
            if volatility_of(name.name, builtin=name.schema in (None, "pg_catalog")) == "unknown"
        )
    )
