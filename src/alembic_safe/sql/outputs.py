"""What a query names: the columns that it gives, those that it reads, and of which tables."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Action
from alembic_safe.sql.cursor import QUOTED, Cursor
from alembic_safe.sql.words import words

_ENDS_LIST = words("from where group having window union intersect except order limit offset fetch for into")
_NOT_ALIASES = _ENDS_LIST | words(
    "on using join left right full inner outer cross natural set returning when lateral tablesample with values "
    "select and or not"
)
_NOT_COLUMNS = _NOT_ALIASES | words(
    "case then else end as is null true false in like ilike between distinct all any some exists by asc desc nulls "
    "first last over partition filter cast array row interval date time timestamp at zone collate only to of instead "
    "also do nothing permissive restrictive public check old new each statement before after update insert delete "
    "execute function procedure begin atomic language"
)


def note_query(cursor: Cursor, actions: list[Action], start: int, end: int) -> None:
    """Enter "output" for each column that the query gives (None: it has no plain name), "uses" for what it names."""
    actions += [Action("output", name_of(cursor, *item)) for item in items(cursor, start, end)]
    aliases = aliases_of(cursor, start, end)
    for qualifier, column in mentioned(cursor, start, end):
        actions.append(Action("uses", column, value=aliases.get(qualifier, qualifier) if qualifier else None))


def mentioned(cursor: Cursor, start: int, end: int) -> dict[tuple[str, str], None]:
    """(qualifier or "", name) of all that may be a column; "*" for all of them."""
    found: dict[tuple[str, str], None] = {}
    keys = cursor.keys
    for index in range(start, end):
        key = keys[index]
        if key == "*" and (keys[index - 1] in ("select", ",", "distinct", ".") if index > start else False):
            found[_at(cursor, index - 2) if keys[index - 1] == "." else "", "*"] = None
        elif (
            (key == QUOTED or (_is_name(key) and key not in _NOT_COLUMNS))
            and keys[index + 1] not in ("(", ".")
            and (index == start or keys[index - 1] != "as")
        ):
            qualified = index >= start + 2 and keys[index - 1] == "."
            found[_at(cursor, index - 2) if qualified else "", _at(cursor, index)] = None
    return found


def items(cursor: Cursor, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The token range of each item of the outermost select list."""
    first = _select(cursor, start, end)
    if first is None:
        return
    begin = index = first
    while index <= end:
        key = cursor.keys[index] if index < end else ""
        if key in ("(", "["):
            index = cursor.close_of(index)
        elif key == "," or key in _ENDS_LIST or index == end:
            yield begin, index
            begin = index + 1
            if key != ",":
                return
        index += 1


def _select(cursor: Cursor, start: int, end: int) -> int | None:
    """The first token of the outermost select list."""
    index = start
    while index < end:
        key = cursor.keys[index]
        if key == "(" and index > start:
            index = cursor.close_of(index)
        elif key == "select":
            index += 1
            if cursor.keys[index] == "distinct":
                index += 1
                if cursor.keys[index] == "on":
                    index = cursor.close_of(index + 1) + 1
            return index + (cursor.keys[index] == "all")
        index += 1
    return None


def name_of(cursor: Cursor, start: int, end: int) -> str | None:
    """The name of one item: its alias, or that of the column or function."""
    if start >= end:
        return None
    keys, last = cursor.keys, end - 1
    if keys[last] == "*":
        return f"{_at(cursor, last - 2)}.*" if keys[last - 1] == "." else "*"
    if keys[last] == QUOTED or _is_name(keys[last]):
        return None if keys[last] in _NOT_COLUMNS else _at(cursor, last)
    if keys[last] == ")" and _is_name(keys[start]) and keys[start + 1] == "(":
        return keys[start]
    return None


def aliases_of(cursor: Cursor, start: int, end: int) -> dict[str, str]:
    """Alias -> table, for each `table [AS] alias` of the query's FROM lists."""
    found: dict[str, str] = {}
    keys = cursor.keys
    for index in range(start, end - 1):
        if keys[index] not in ("from", "join", ",", "update", "into", "using"):
            continue
        at = index + 1
        if keys[at] == "only":
            at += 1
        if not (keys[at] == QUOTED or _is_name(keys[at])) or at >= end:
            continue
        while at + 2 < end and keys[at + 1] == ".":
            at += 2
        table = _at(cursor, at)
        at += 1 + (keys[at + 1] == "as")
        if at < end and (keys[at] == QUOTED or (_is_name(keys[at]) and keys[at] not in _NOT_ALIASES)):
            found[_at(cursor, at)] = table
    return found


def _at(cursor: Cursor, index: int) -> str:
    kept, cursor.i = cursor.i, index
    try:
        return cursor.identifier() if cursor.at_name() else ""
    finally:
        cursor.i = kept


def at_name(cursor: Cursor, index: int) -> bool:
    """Whether a name stands there, and no word of the grammar that ends an expression."""
    key = cursor.keys[index]
    return key == QUOTED or (_is_name(key) and key not in _NOT_ALIASES)


def _is_name(key: str) -> bool:
    return bool(key) and (key[0].isalpha() or key[0] == "_")
