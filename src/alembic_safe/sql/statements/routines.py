"""Reads CREATE FUNCTION and PROCEDURE: the signature, the language and the body's text."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Action, DataType
from alembic_safe.sql.cursor import STRING, Cursor, NotUnderstood
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.types import read_type
from alembic_safe.sql.words import words

_MODES = words("in out inout variadic")
_OUTPUTS = words("out inout")
_CLAUSES = words(
    "language as returns transform window immutable stable volatile not leakproof called strict security "
    "external parallel cost rows support set begin return"
)


def read_routine(cursor: Cursor, draft: Draft) -> Draft:
    """From its name on. Actions: "signature" (name: input types, value: what it returns in the server's words, ""

    where that is nothing or cannot be read), "argument" with its name, type and default, "body" (name: language,
    value: text).
    """
    kind = draft.kind.removeprefix("create ")
    draft.add(kind, cursor.name(), "created")
    arguments = list(_arguments(cursor, *cursor.parens()))
    outputs = [a for a in arguments if a.flags & _OUTPUTS]
    returns = _row("record" if kind == "procedure" else "", outputs)
    language, body = "sql", None
    while not cursor.done:
        if cursor.accept("returns"):
            returns = _returned(cursor, outputs)
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


def _returned(cursor: Cursor, outputs: list[Action]) -> str:
    """RETURNS: RETURNS TABLE and RETURNS SETOF record with the same OUT arguments are one."""
    start = cursor.i
    if cursor.accept("table"):
        first, last = cursor.parens()
        try:
            row = _row("", list(_arguments(cursor, first, last)))
        except NotUnderstood:
            row = ""
        cursor.i = last + 1
        return f"setof {row}" if row else ""
    cursor.skip_until(_CLAUSES)
    end, cursor.i = cursor.i, start
    setof = "setof " if cursor.accept("setof") else ""
    try:
        written = _written(read_type(cursor)) if cursor.i < end else ""
    except NotUnderstood:
        written = ""
    whole, cursor.i = cursor.i == end, end
    row = _row(written, outputs) if len(outputs) > 1 else written
    return f"{setof}{row}" if row and whole else ""


def _row(kind: str, outputs: list[Action]) -> str:
    """What OUT arguments or the columns of TABLE give: the one type, or a record of several."""
    columns = [(a.name or "", _written(a.type) if a.type is not None else "") for a in outputs]
    if not columns or not all(written for _, written in columns):
        return ""
    if len(columns) == 1 and not kind:
        return columns[0][1]
    return f"{kind or 'record'} ({', '.join(f'{name} {written}' for name, written in columns)})"


def _written(type_: DataType) -> str:
    """A type without what a routine does not keep: modifiers, and how many dimensions. "" where it is a column's."""
    return "" if "%" in type_.text else type_.name + ("[]" if type_.dimensions else "")


def _atomic(cursor: Cursor) -> str:
    """The statements between BEGIN ATOMIC and END."""
    cursor.expect("begin", "atomic")
    start = cursor.i
    cursor.rest()
    return cursor.slice(start, cursor.i - 1)
