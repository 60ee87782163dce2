"""Who was given which rights, as far as statements say so: by relation, each "role privilege"."""

from __future__ import annotations

from dataclasses import replace

from alembic_safe.model.facts import Name, Reading
from alembic_safe.sql.schema.model import BY_DEFAULT, Schema, key

_ALL = "all tables in schema"


def with_rights(schema: Schema, reading: Reading) -> Schema:
    """After GRANT, REVOKE or ALTER DEFAULT PRIVILEGES."""
    if reading.kind == "alter default privileges":
        if " grant " in f" {reading.text.lower()} ".replace("\n", " "):
            return replace(schema, others={**schema.others, (BY_DEFAULT, Name("")): schema.clock})
        return schema
    named = [key(o.name) for o in reading.objects if o.kind == "table"]
    if _ALL in reading.flags:
        named = list(schema.tables)
    pairs = frozenset(f"{a.name} {a.value}" for a in reading.actions if a.kind == "right")
    rights = dict(schema.rights)
    for name in named:
        held = rights.get(name, frozenset())
        rights[name] = held | pairs if reading.kind == "grant" else held - pairs
    return replace(schema, rights=rights)


def without_rights(schema: Schema, name: Name) -> Schema:
    """After a relation is gone, and its rights with it."""
    if key(name) not in schema.rights:
        return schema
    return replace(schema, rights={k: v for k, v in schema.rights.items() if k != key(name)})
