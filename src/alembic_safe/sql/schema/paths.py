"""Resolves bare names by a search path that a statement has set (docs: Schemas, The Schema Search Path)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from alembic_safe.model.facts import Action, Constraint, Name, ObjectRef, Reading
from alembic_safe.sql.schema.model import Schema

_PLACED = frozenset(
    {"table", "index", "view", "materialized view", "sequence", "foreign table", "type", "domain", "function",
     "procedure", "routine", "aggregate"}
)  # fmt: skip
_USUAL = ("public",)


def path_of(value: str) -> tuple[str, ...]:
    """The schemas of a setting's value; () where it means the usual one: "$user", public."""
    found = [
        part.strip() for part in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", value.strip().strip("'"))
    ]
    schemas = tuple(_folded(part.strip("'").strip()) for part in found)
    left = tuple(s for s in schemas if s not in ("$user", "pg_catalog", "pg_temp"))
    if value.strip().lower() == "default" or left == _USUAL:
        return ()
    return left or ("",)


def _folded(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') and part.endswith('"') else part.lower()


def qualified(reading: Reading, schema: Schema) -> Reading:
    """The reading with each bare name in the schema where the path finds it, or would make it."""
    path = schema.search_path

    def place(name: Name, role: str, kind: str) -> Name:
        if name.schema is not None or kind not in _PLACED or reading.flags & {"temporary"}:
            return name
        if role != "created":
            for entry in path:
                there = Name(name.name, entry)
                known = schema.table(there) or schema.index(there) or schema.type(there)
                if known is not None or schema.routines_of(there):
                    return there
        # another schema's tables were there before: none of them is one that this plan made elsewhere
        return Name(name.name, path[0] or None) if path[0] else name

    objects = tuple(replace(o, name=place(o.name, o.role, o.kind)) for o in reading.objects)
    actions = tuple(_action(a, place) for a in reading.actions)
    return replace(reading, objects=objects, actions=actions)


def _action(action: Action, place: Callable[[Name, str, str], Name]) -> Action:
    made: ObjectRef | None = action.object
    if made is not None:
        action = replace(action, object=replace(made, name=place(made.name, made.role, made.kind)))
    constraint: Constraint | None = action.constraint
    if constraint is not None and constraint.references is not None:
        there = place(constraint.references, "referenced", "table")
        action = replace(action, constraint=replace(constraint, references=there))
    return action
