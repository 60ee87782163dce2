"""The shape of a view: what decides which rows it shows, what its columns hold, and which options it has.

Entered as actions "shape": `name` is "from", "where" (one for each condition that AND joins), "distinct", "group by",
"having", "limit", "set operation", "gives NAME", "option NAME" or "check option", `value` its text without aliases,
qualifiers of a single table and needless brackets, so that two ways to write the same are the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Action
from alembic_safe.sql.cursor import NUMBER, QUOTED, STRING, Cursor
from alembic_safe.sql.outputs import aliases_of, at_name, items, name_of
from alembic_safe.sql.words import words

_SET = words("union intersect except")
_PARTS = ("from", "where", "group", "having", "window", "order", "limit", "offset", "fetch")
_JOINED = words("left right full inner cross natural join on using lateral outer only")
_LIMITS = ("limit", "offset", "fetch")


def note_shape(cursor: Cursor, actions: list[Action], start: int, end: int) -> None:
    """Enter the shape of the query between two tokens. One that begins with WITH or VALUES shows none."""
    start, end = _without_check(cursor, actions, start, end)
    start, end = _unwrapped(cursor, start, end)
    if cursor.keys[start] != "select":
        actions.append(Action("shape", "query", value=_text(cursor, start, end, {})))
        return
    operation = next((i for i in _flat(cursor, start, end) if cursor.keys[i] in _SET), end)
    parts = _parts(cursor, start, operation)
    names = _names(cursor, parts)
    _note_outputs(cursor, actions, start, operation, names)
    if cursor.keys[start + 1] == "distinct":
        actions.append(Action("shape", "distinct"))
    for word, first, last in parts:
        if word == "where":
            for one in conditions(cursor, first, last):
                actions.append(Action("shape", "where", value=_text(cursor, *one, names)))
        elif word in _LIMITS:
            actions.append(Action("shape", "limit", value=_text(cursor, first - 1, last, names)))
        elif word in ("from", "group", "having"):
            name = "group by" if word == "group" else word
            actions.append(Action("shape", name, value=_text(cursor, first, last, names)))
    if operation < end:
        actions.append(Action("shape", "set operation", value=_text(cursor, operation, end, {})))


def note_options(cursor: Cursor, actions: list[Action], start: int, end: int) -> None:
    """Enter the options in the brackets of WITH (...); one without a value is true."""
    for first, last in _split(cursor, start, end, (",",)):
        value = cursor.slice(first + 2, last).strip("'").lower() if last > first + 1 else "true"
        actions.append(Action("shape", f"option {cursor.keys[first]}", value=value))


def conditions(cursor: Cursor, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What AND joins, each without the brackets around it."""
    start, end = _unwrapped(cursor, start, end)
    pieces = list(_split(cursor, start, end, ("and",)))
    if len(pieces) == 1:
        yield start, end
        return
    for piece in pieces:
        yield from conditions(cursor, *piece)


def _split(cursor: Cursor, start: int, end: int, marks: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """The pieces between these marks outside brackets; the AND of BETWEEN is none, nor is one in CASE or beside OR."""
    flat = list(_flat(cursor, start, end))
    if "and" in marks and any(cursor.keys[i] in ("or", "case") for i in flat):
        yield start, end
        return
    begin, between = start, False
    for index in flat:
        if cursor.keys[index] == "between":
            between = True
        elif cursor.keys[index] in marks:
            if not between:
                yield begin, index
                begin = index + 1
            between = False
    yield begin, end


def _without_check(cursor: Cursor, actions: list[Action], start: int, end: int) -> tuple[int, int]:
    keys = cursor.keys
    if keys[end - 2 : end] == ["check", "option"]:
        end -= 3 + (keys[end - 3] != "with")
        actions.append(Action("shape", "check option"))
    return start, end


def _unwrapped(cursor: Cursor, start: int, end: int) -> tuple[int, int]:
    while end - start > 2 and cursor.keys[start] == "(" and cursor.close_of(start) == end - 1:
        start, end = start + 1, end - 1
    return start, end


def _flat(cursor: Cursor, start: int, end: int) -> Iterator[int]:
    """The tokens outside brackets."""
    index = start
    while index < end:
        yield index
        index = cursor.close_of(index) + 1 if cursor.keys[index] in ("(", "[") else index + 1


def _parts(cursor: Cursor, start: int, end: int) -> list[tuple[str, int, int]]:
    keys = cursor.keys
    # IS DISTINCT FROM begins no part
    marks = [
        i
        for i in _flat(cursor, start, end)
        if keys[i] in _PARTS and (keys[i] != "from" or keys[i - 1] != "distinct" or i < start + 2)
    ]
    ends = [*marks[1:], end][: len(marks)]
    return [(keys[i], i + 1, last) for i, last in zip(marks, ends, strict=True)]


def _names(cursor: Cursor, parts: list[tuple[str, int, int]]) -> dict[str, str]:
    """What stands for which table in FROM; `""` where there is but one table, whose qualifier says nothing."""
    first, last = next(((first, last) for word, first, last in parts if word == "from"), (0, 0))
    if last <= first:
        return {}
    several = any(cursor.keys[i] in (",", "join") for i in _flat(cursor, first, last))
    return {**aliases_of(cursor, first - 1, last), **({} if several else {"": ""})}


def _note_outputs(cursor: Cursor, actions: list[Action], start: int, end: int, names: dict[str, str]) -> None:
    for first, last in items(cursor, start, end):
        name = name_of(cursor, first, last)
        if name is None or name.endswith("*"):
            continue
        stop = _without_alias(cursor, first, last)
        actions.append(Action("shape", f"gives {name}", value=_text(cursor, first, stop, names)))


def _without_alias(cursor: Cursor, start: int, end: int) -> int:
    keys = cursor.keys
    if end - start < 2 or not at_name(cursor, end - 1):
        return end
    before = keys[end - 2]
    if before == "as":
        return end - 2
    named = before in (QUOTED, STRING, NUMBER, ")", "]") or at_name(cursor, end - 2)
    return end - 1 if named and before not in ("and", "or", "not", "is", "end", "from") else end


def _text(cursor: Cursor, start: int, end: int, names: dict[str, str]) -> str:
    """Its tokens with one blank between, aliases as the tables they stand for; `""` in names: a single table."""
    keys, found, index = cursor.keys, list[str](), start
    while index < end:
        key, word = keys[index], cursor.slice(index, index + 1)
        if key == QUOTED:
            word = word.strip('"') if word.strip('"').islower() else word
        elif key not in (STRING, NUMBER):
            word = key
        qualifies = keys[index + 1] == "." and at_name(cursor, index)
        if qualifies and ("" in names or word in names):
            if "" not in names:
                found += [names[word], "."]
            index += 2
            continue
        alias = word in names and keys[index - 1] != "." and key not in _JOINED
        if not (alias or (key == "as" and at_name(cursor, index + 1) and keys[index + 2] != "(")):
            found.append(word)
        index += 1
    return " ".join(found).replace(" . ", ".")
