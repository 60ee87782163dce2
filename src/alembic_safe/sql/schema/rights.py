"""Who was given rights, as far as statements say so: kept beside the objects, by relation."""

from __future__ import annotations

from dataclasses import replace

from alembic_safe.model.facts import Name, Reading
from alembic_safe.sql.schema.model import Schema, key

GRANTED, BY_DEFAULT = "granted", "default privileges"
_ALL = "all tables in schema"


def with_rights(schema: Schema, reading: Reading) -> Schema:
    """After GRANT, REVOKE or ALTER DEFAULT PRIVILEGES. One that revokes all of a relation's leaves none."""
    others = dict(schema.others)
    if reading.kind == "alter default privileges":
        if " grant " in f" {reading.text.lower()} ".replace("\n", " "):
            others[(BY_DEFAULT, Name(""))] = schema.clock
        return replace(schema, others=others)
    named = [key(o.name) for o in reading.objects if o.kind == "table"]
    if _ALL in reading.flags:
        named = list(schema.tables)
    for name in named:
        if reading.kind == "grant":
            others[(GRANTED, name)] = schema.clock
        elif any((a.value or "").lower().startswith("all") for a in reading.actions):
            others.pop((GRANTED, name), None)
    return replace(schema, others=others)


def without_rights(schema: Schema, name: Name) -> Schema:
    """After a relation is gone, and its rights with it."""
    what = (GRANTED, key(name))
    if what not in schema.others:
        return schema
    return replace(schema, others={k: v for k, v in schema.others.items() if k != what})
