"""Several heads."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Whole
from alembic_safe.rules.rule import BOTH, Hit, Rule


def _look_at_plan(whole: Whole) -> Iterator[Hit]:
    heads = whole.plan.heads
    if len(heads) > 1:
        yield Hit(
            f"the history has {len(heads)} heads ({', '.join(heads)}): in which order they run differs from database "
            "to database",
            f"alembic merge -m 'merge' {' '.join(heads)}\n",
            heads,
        )


RULE = Rule(
    id="history-not-linear",
    severity=Severity.WARNING,
    hazard="hygiene",
    summary="The history has several heads.",
    why=(
        "Two branches were merged without their revisions. `alembic upgrade head` fails, and where both ran, the order "
        "was another one in each database."
    ),
    recipe="alembic merge -m 'merge' 1a2b 3c4d\n",
    covers=("history-not-linear",),
    look_at_plan=_look_at_plan,
    dialects=BOTH,
)
