"""A revision whose statements, or some of them, cannot be listed."""

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
                f"not all of its statements are known: {revision.not_inspectable}",
                severity=severity,
                at=Spot(revision, source=revision.not_inspectable_at),
            )


RULE = Rule(
    id="revision-not-inspectable",
    severity=Severity.WARNING,
    hazard="unread",
    summary="Not all of a revision's statements can be listed: it asks a database, or goes by its rows.",
    why=(
        "The revision asks the database for something (rows, the inspector, `get_bind()`) before it decides "
        "what to do, so that rendering it without a connection stops there. What was not seen is not judged, "
        "and is not safe. Run on a scratch database it shows what it executes, but a loop over rows finds none there: "
        "SQL that is written down inside it is judged all the same, what is put together when it runs is not known."
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
