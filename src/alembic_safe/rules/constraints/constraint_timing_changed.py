"""ALTER CONSTRAINT."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import actions
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "alter constraint"):
        yield Hit(
            f"running code meets violations of {action.name} at another moment than it was written for",
            objects=(table, action.name or ""),
        )


RULE = Rule(
    id="constraint-timing-changed",
    severity=Severity.WARNING,
    hazard="breaks application",
    summary="ALTER CONSTRAINT ... DEFERRABLE, INITIALLY or ENFORCED.",
    why="A deferred constraint fails at COMMIT, where few handlers stand; NOT ENFORCED no longer fails at all.",
    recipe="# deploy code that copes with errors at COMMIT first\n",
    covers=("constraint-timing-changed",),
    look=_look,
)
