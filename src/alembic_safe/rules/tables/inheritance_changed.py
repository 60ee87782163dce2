"""INHERIT and NO INHERIT."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import actions
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "inherit", "no inherit"):
        parent = action.object.name if action.object else "its parent"
        verb = "gains" if action.kind == "inherit" else "loses"
        yield Hit(
            f"every query on {parent} {verb} the rows of {table} at once",
            objects=(table, parent),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


RULE = Rule(
    id="inheritance-changed",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="INHERIT or NO INHERIT on a table in use.",
    why="Queries on the parent read other rows from the commit on. ACCESS EXCLUSIVE on the child, for an instant.",
    recipe="# deploy code that names the tables it means first\n",
    covers=("inheritance-changed",),
    look=_look,
)
