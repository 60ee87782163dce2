"""Reads a data type and gives it the server's own name for it."""

from __future__ import annotations

from alembic_safe.model.facts import DataType
from alembic_safe.sql.cursor import QUOTED, Cursor

# Alias -> format_type()'s name. Docs: Data Types, table "Data Types".
_CANONICAL = {
    "int": "integer",
    "int4": "integer",
    "int2": "smallint",
    "int8": "bigint",
    "bool": "boolean",
    "float4": "real",
    "float8": "double precision",
    "float": "double precision",
    "decimal": "numeric",
    "dec": "numeric",
    "varchar": "character varying",
    "char": "character",
    "bpchar": "character",
    "nchar": "character",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "timetz": "time with time zone",
    "time": "time without time zone",
    "varbit": "bit varying",
    "serial2": "smallserial",
    "serial4": "serial",
    "serial8": "bigserial",
}
_INTERVAL = {"year", "month", "day", "hour", "minute", "second", "to"}


def read_type(cursor: Cursor) -> DataType:
    """Take a type. Raises `NotUnderstood` where none stands."""
    start = cursor.i
    cursor.accept("setof")
    word = cursor.keys[cursor.i]
    schema: str | None = None
    if word == QUOTED or cursor.keys[cursor.i + 1] == ".":
        named = cursor.name()
        name, schema = named.name, named.schema
        if schema == "pg_catalog":
            name, schema = _CANONICAL.get(name, name), None
    else:
        name = _plain(cursor, cursor.word())
    modifiers = _modifiers(cursor)
    if name in ("timestamp without time zone", "time without time zone"):
        if cursor.accept("with", "time", "zone"):
            name = name.replace("without", "with")
        else:
            cursor.accept("without", "time", "zone")
    elif name == "interval" and cursor.keys[cursor.i] in _INTERVAL:
        while cursor.accept_any(_INTERVAL):
            modifiers = modifiers + _modifiers(cursor)
    elif name == "float" and modifiers:
        name, modifiers = ("real" if int(modifiers[0]) <= 24 else "double precision"), ()
    dimensions = _dimensions(cursor)
    if cursor.accept("%"):
        cursor.expect("type")
    return DataType(name, schema, modifiers, dimensions, cursor.slice(start, cursor.i))


def _plain(cursor: Cursor, word: str) -> str:
    """The canonical name for an unquoted word, with the words that may follow it."""
    if word == "double" and cursor.accept("precision"):
        return "double precision"
    if word == "national":
        word = cursor.word()
    if word in ("character", "char", "nchar"):
        return "character varying" if cursor.accept("varying") else "character"
    if word == "bit":
        return "bit varying" if cursor.accept("varying") else "bit"
    if word == "float" and cursor.at("("):
        return "float"
    return _CANONICAL.get(word, word)


def _modifiers(cursor: Cursor) -> tuple[str, ...]:
    if not cursor.at("("):
        return ()
    start, end = cursor.parens()
    inside = cursor.slice(start, end)
    return tuple(part.strip() for part in inside.split(","))


def _dimensions(cursor: Cursor) -> int:
    dimensions = 0
    if cursor.accept("array"):
        if cursor.at("["):
            cursor.parens()
        return 1
    while cursor.at("["):
        cursor.parens()
        dimensions += 1
    return dimensions
