"""ADD CONSTRAINT ... EXCLUDE."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import added_constraints
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_RECIPE = (
    "# there is no concurrent and no NOT VALID form. In a quiet hour, with a bound on the wait:\n"
    "#   alembic-safe upgrade --maintenance='exclusion constraint, agreed for 03:00'\n"
    "# or a new table with the constraint, copied in batches and swapped in a contract step\n"
)


def _look(place: Place) -> Iterator[Hit]:
    for table, constraint, _ in added_constraints(place, "exclude"):
        yield Hit(
            f"builds an index over {table} and reads all rows once more while every read and write waits",
            _RECIPE,
            (table, *((constraint.name,) if constraint.name else ())),
            work=(table,),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


RULE = Rule(
    id="exclusion-constraint",
    severity=Severity.ERROR,
    hazard="scan",
    summary="ADD CONSTRAINT ... EXCLUDE on a table in use.",
    why="Index build and check of all rows under ACCESS EXCLUSIVE; NOT VALID and CONCURRENTLY are refused for it.",
    recipe=_RECIPE,
    covers=("exclusion-constraint",),
    look=_look,
)
