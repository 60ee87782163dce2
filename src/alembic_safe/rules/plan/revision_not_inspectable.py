"""A revision whose statements cannot be listed."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Spot, Whole
from alembic_safe.rules.rule import BOTH, Hit, Rule


def _look(whole: Whole) -> Iterator[Hit]:
    severity = Severity.ERROR if whole.policy.applying else Severity.WARNING
    for revision in whole.plan.revisions:
        if revision.not_inspectable is not None:
            yield Hit(
                f"its statements cannot be listed without running it: {revision.not_inspectable}",
                severity=severity,
                at=Spot(revision, source=revision.not_inspectable_at),
            )


RULE = Rule(
    id="revision-not-inspectable",
    severity=Severity.WARNING,
    hazard="unread",
    summary="A revision's statements cannot be listed without running it.",
    why=(
        "The revision asks the database for something (rows, the inspector, `get_bind()`) before it decides "
        "what to do, so that rendering it without a connection stops there. What was not seen is not judged, "
        "and is not safe."
    ),
    recipe=(
        "# let it be run on a scratch database:  alembic-safe check --scratch auto\n"
        "# or say the SQL instead of asking first:\n"
        "op.execute('UPDATE orders SET state = 0 WHERE state IS NULL')\n"
    ),
    covers=("opaque-sql",),
    look_at_plan=_look,
    dialects=BOTH,
)
