"""Which commands of a plan expand, and which contract."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Name
from alembic_safe.rules.looking import actions
from alembic_safe.rules.place import Place
from alembic_safe.rules.registry import all_rules
from alembic_safe.rules.rule import Hit


def contracts(place: Place) -> Iterator[Hit]:
    """What rules of contract steps say of it, at more than a note."""
    for rule in all_rules().values():
        if rule.contract and rule.look is not None:
            for hit in rule.look(place):
                if (hit.severity or rule.severity) >= rule.severity and not hit.fails:
                    yield hit


def expands(place: Place) -> Iterator[Name]:
    """Tables that get a new column, and new tables and views."""
    for _, table, _ in actions(place, "add column"):
        yield table
    for reading in place.readings:
        target = reading.target
        if (
            reading.kind in ("create table", "create view")
            and target is not None
            and "temporary" not in reading.flags
        ):
            yield target.name
