"""What sqlite_master says of a schema, as parts: the text is as it was typed, so that it is read by its words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from alembic_safe.model.identity import Part, SchemaParts
from alembic_safe.recovery.identity.names import quoted
from alembic_safe.recovery.identity.tables import take_apart, words

_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONSTRAINTS = ("constraint", "primary", "unique", "check", "foreign")


def sqlite_parts(rows: Iterable[tuple[str, str, str, str | None]]) -> SchemaParts:
    """The parts of rows (type, name, table, sql). An index that a constraint makes has no text and is none."""
    parts: dict[Part, str] = {}
    order: dict[str, tuple[str, ...]] = {}
    for kind, name, table, sql in rows:
        if sql is None:
            continue
        if kind == "table" and (found := _table(sql, quoted(name))):
            columns, here = found
            parts |= here
            order[quoted(name)] = columns
        elif kind in ("index", "trigger"):
            parts[Part(kind, quoted(name), quoted(table))] = normal(sql)
        else:
            parts[Part(kind, quoted(name))] = normal(sql)
    return SchemaParts(parts, order, {})


def normal(sql: str) -> str:
    """The words of a text in one form: blanks and comments alike, letters of names and keywords small.

    What stands in quotes keeps its letters; quotes that a plain name does not need are left out.

    >>> normal('CREATE TABLE "t"  (A  INTEGER)')
    'create table t ( a integer )'
    """
    return " ".join(_word(one) for one in words(sql))


def _word(word: str) -> str:
    if word.startswith(('"', "`")):
        inside = word[1:-1]
        return inside if _SIMPLE.fullmatch(inside) else f'"{inside}"'
    return word if word.startswith("'") else word.lower()


def _table(sql: str, table: str) -> tuple[tuple[str, ...], dict[Part, str]] | None:
    apart = take_apart(sql)
    if apart is None or not apart.head.upper().startswith("CREATE TABLE"):
        return None  # a virtual table, whose arguments are its module's
    parts = {Part("table", table): f"table {normal(apart.tail)}".strip()}
    columns = []
    for element in apart.elements:
        text = normal(element)
        first, _, rest = text.partition(" ")
        if first == "constraint":
            name, _, definition = rest.partition(" ")
            parts[Part("constraint", quoted(name.strip('"')), table)] = definition
        elif first in _CONSTRAINTS:
            parts[Part("constraint", f"({text})", table)] = text
        else:
            column = quoted(first.strip('"'))
            columns.append(column)
            parts[Part("column", column, table)] = rest
    return tuple(columns), parts
