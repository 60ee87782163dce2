"""A NOT VALID constraint that nothing validates."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import added_constraints
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for table, constraint, _ in added_constraints(place, "check", "foreign key", "not null"):
        if constraint.valid or not constraint.enforced or not constraint.name:
            continue
        if not _settled_later(place, table, constraint.name):
            target = code.ident(table)
            yield Hit(
                f"old rows of {table} are never checked against {constraint.name}, and the planner cannot rely on it",
                "# in a later revision\n"
                + code.execute(f"ALTER TABLE {target} VALIDATE CONSTRAINT {code.ident(constraint.name)}"),
                (table, constraint.name),
            )


def _settled_later(place: Place, table: Name, name: str) -> bool:
    later = place.whole.places[place.position + 1 :]
    return any(
        action.kind in ("validate constraint", "drop constraint") and action.name == name
        for one in later
        for reading in one.readings
        if reading.target is not None and plain(reading.target.name) == plain(table)
        for action in reading.actions
    )


RULE = Rule(
    id="constraint-left-not-valid",
    severity=Severity.NOTE,
    hazard="hygiene",
    summary="A constraint is added NOT VALID and no revision at hand validates it.",
    why=(
        "New rows are checked, old ones never; SET NOT NULL still scans, and a restore or a later VALIDATE fails on "
        "a day nobody chose."
    ),
    recipe="op.execute('ALTER TABLE orders VALIDATE CONSTRAINT ck_total')\n",
    covers=("constraint-left-not-valid",),
    look=_look,
)
