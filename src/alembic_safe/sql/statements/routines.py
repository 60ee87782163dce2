"""Reads CREATE FUNCTION and PROCEDURE: the signature, the language and the body's text."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Action
from alembic_safe.sql.cursor import STRING, Cursor, NotUnderstood
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.types import read_type
from alembic_safe.sql.words import words

_MODES = words("in out inout variadic")
_CLAUSES = words(
    "language as returns transform window immutable stable volatile not leakproof called strict security "
    "external parallel cost rows support set begin return"
)


def read_routine(cursor: Cursor, draft: Draft) -> Draft:
    """From its name on. Actions: "signature" (name: input types, value: what it returns), "argument" with its

    name, type and default, "body" (name: language, value: text).
    """
    kind = draft.kind.removeprefix("create ")
    draft.add(kind, cursor.name(), "created")
    arguments = list(_arguments(cursor, *cursor.parens()))
    returns, language, body = "", "sql", None
    while not cursor.done:
        if cursor.accept("returns"):
            start = cursor.i
            _returned(cursor)
            returns = " ".join(cursor.slice(start, cursor.i).lower().split())
        elif cursor.accept("language"):
            language = cursor.string().lower() if cursor.at(STRING) else cursor.identifier()
        elif cursor.accept("as") and cursor.at(STRING):
            body = cursor.string()
        elif cursor.at("begin", "atomic"):
            body = _atomic(cursor)
        else:
            draft.flags |= {"immutable", "stable"} & {cursor.keys[cursor.i]}
            cursor.i += 1
    draft.act(Action("signature", signature(arguments), value=returns))
    draft.actions += arguments
    if body is not None:
        draft.act(Action("body", language, value=body))
    return draft


def signature(arguments: list[Action]) -> str:
    """The input types as the server tells routines apart: "integer, text"."""
    return ", ".join(
        a.type.name + "[]" * a.type.dimensions
        for a in arguments
        if a.type is not None and "out" not in a.flags
    )


def read_signature(cursor: Cursor) -> str | None:
    """The types in the brackets of DROP and ALTER FUNCTION; None where they cannot be read."""
    try:
        return signature(list(_arguments(cursor, *cursor.parens())))
    except NotUnderstood:
        return None


def _arguments(cursor: Cursor, start: int, end: int) -> Iterator[Action]:
    after, cursor.i = cursor.i, start
    while cursor.i < end:
        yield _argument(cursor)
        cursor.skip_until((",", ")"))
        cursor.accept(",")
    cursor.i = after


def _argument(cursor: Cursor) -> Action:
    """`[mode] [name] type [DEFAULT value]`: a name is what stands before another word."""
    mode = cursor.accept_any(_MODES)
    name = None
    if cursor.at_name() and cursor.keys[cursor.i + 1] not in (",", ")", ".", "(", "[", "=", "default", "precision",
                                                              "varying", "with", "without", ""):  # fmt: skip
        name = cursor.identifier()
    mode = mode or cursor.accept_any(_MODES)
    flags = {mode} if mode else set()
    type_ = read_type(cursor)
    if cursor.keys[cursor.i] in ("default", "="):
        flags.add("default")
    return Action("argument", name, type=type_, flags=frozenset(flags))


def _returned(cursor: Cursor) -> None:
    if cursor.accept("table"):
        cursor.parens()
        return
    cursor.skip_until(_CLAUSES)


def _atomic(cursor: Cursor) -> str:
    """The statements between BEGIN ATOMIC and END."""
    cursor.expect("begin", "atomic")
    start = cursor.i
    cursor.rest()
    return cursor.slice(start, cursor.i - 1)
