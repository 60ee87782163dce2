"""Which changes of a column's type need no new copy of the table (docs: ALTER TABLE, Notes; measured)."""

from __future__ import annotations

from typing import Literal

from alembic_safe.model.facts import DataType, Name
from alembic_safe.sql.schema.model import Schema

Verdict = Literal["free", "rewrite", "unknown", "session"]

# Pairs of different types that are stored alike.
_BINARY = {
    ("text", "character varying"),
    ("character varying", "text"),
    ("bit", "bit varying"),
    ("cidr", "inet"),
    ("xml", "text"),
    ("xml", "character varying"),
    ("text", "citext"),
    ("citext", "text"),
    ("character varying", "citext"),
    ("citext", "character varying"),
    ("integer", "oid"),
    ("oid", "integer"),
    ("integer", "regclass"),
    ("regclass", "integer"),
    ("oid", "regclass"),
    ("regclass", "oid"),
}
_LENGTHS = {"character varying", "bit varying"}
_PRECISIONS = {
    "timestamp without time zone": 6,
    "timestamp with time zone": 6,
    "time without time zone": 6,
    "time with time zone": 6,
    "interval": 6,
}
_TIMESTAMPS = {"timestamp without time zone", "timestamp with time zone"}


def conversion(old: DataType | None, new: DataType, schema: Schema) -> Verdict:
    """Whether changing `old` to `new` rewrites. "session": only when the session's TimeZone is not UTC."""
    if old is None:
        return "unknown"
    target = schema.type(Name(new.name, new.schema))
    if target is not None and target.kind == "domain":
        if target.constrained:
            return "free" if _same(old, new) else "rewrite"
        return conversion(old, target.base, schema) if target.base else "unknown"
    source = schema.type(Name(old.name, old.schema))
    if source is not None and source.kind == "domain" and source.base is not None and not _same(old, new):
        return conversion(source.base, new, schema)
    if old.dimensions != new.dimensions:
        return "rewrite"
    if _same(old, new):
        return _modifiers(old, new)
    if {old.name, new.name} == _TIMESTAMPS:
        # between the two the stored value stays only if no precision is cut as well
        return "session" if _modifiers(old, DataType(old.name, None, new.modifiers)) == "free" else "rewrite"
    if (old.name, new.name) in _BINARY and not old.dimensions:
        if new.modifiers and not (old.name == "character varying" or new.name == "citext"):
            return "rewrite"
        return "free" if not new.modifiers else "rewrite"
    return "rewrite"


def _same(old: DataType, new: DataType) -> bool:
    return old.name == new.name and old.schema == new.schema


def _modifiers(old: DataType, new: DataType) -> Verdict:
    """The same type with other modifiers."""
    if old.modifiers == new.modifiers:
        return "free"
    if old.dimensions and new.modifiers:
        return "rewrite"  # element by element: the server sees no shortcut through an array
    try:
        before, after = [int(m) for m in old.modifiers], [int(m) for m in new.modifiers]
    except ValueError:
        return "unknown"
    if old.name in _LENGTHS:
        return "free" if not after or (before and after[0] >= before[0]) else "rewrite"
    if old.name in _PRECISIONS:
        most = _PRECISIONS[old.name]
        return "free" if (after or [most])[0] >= (before or [most])[0] else "rewrite"
    if old.name == "numeric":
        return "free" if _numeric(before, after) else "rewrite"
    return "rewrite"


def _numeric(before: list[int], after: list[int]) -> bool:
    """A wider precision with the same scale, or no limit at all."""
    if not after:
        return True
    if not before:
        return False
    before, after = [*before, 0], [*after, 0]
    return after[1] == before[1] and after[0] >= before[0]
