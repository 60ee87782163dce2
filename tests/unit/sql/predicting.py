"""Predictions in the words of an observation, and what differs between the two."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alembic_safe.model.facts import Facts, LockMode
from alembic_safe.sql import Schema, apply, facts_of, read, split

_MODES = {mode.server_name: mode for mode in LockMode}
# Below it locks are a reader's; the planner takes them on whatever it looks at.
_COUNTED = LockMode.ROW_SHARE


def schema_after(*texts: str) -> Schema:
    """The schema model after these scripts, as history."""
    schema = Schema(knows_all=True)
    for text in texts:
        for piece in split(text):
            schema = apply(schema, read(piece.text))
    return schema.begin_plan()


def predict(statement: str, version: int, schema: Schema) -> Facts:
    return facts_of(read(statement), version, schema)


def disagreements(facts: Facts, seen: dict[str, Any], tables: Iterable[str]) -> list[str]:
    """Where prediction and observation differ. `tables` are relations other than indexes and sequences."""
    if facts.refuses_transaction or seen["refuses"]:
        return [] if facts.refuses_transaction == seen["refuses"] else ["refuses a transaction or not"]
    kinds = set(tables)
    found = []
    said = {str(lock.object.name): lock for lock in facts.locks}
    held = {name: max(_MODES[m] for m in modes) for name, modes in seen["locks"].items()}
    for name in {*said, *held}:
        mine = said[name].mode if name in said else None
        theirs = held.get(name)
        if name not in kinds and name not in said:
            continue  # indexes and sequences that go with their table
        weak = mine is None and theirs is not None and theirs < _COUNTED
        if mine != theirs and not weak and (name not in said or said[name].certain):
            found.append(f"lock on {name}: said {mine}, is {theirs}")
    rewrites = {str(r.object.name): r.certain for r in facts.rewrites}
    scans: dict[str, bool] = {}
    for scan in facts.scans:
        name = str(scan.object.name)
        scans[name] = scans.get(name, False) or scan.certain
    for name in kinds:
        if rewrites.get(name, False) != (name in seen["rewrites"]) and rewrites.get(name) is not False:
            found.append(f"rewrite of {name}: said {rewrites.get(name)}, is {name in seen['rewrites']}")
        if name in rewrites or name in seen["rewrites"]:
            continue
        if scans.get(name, False) != (name in seen["scans"]) and scans.get(name) is not False:
            found.append(f"scan of {name}: said {scans.get(name)}, is {name in seen['scans']}")
    return sorted(found)
