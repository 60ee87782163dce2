"""SET session_replication_role = replica: no trigger and no foreign key is looked at."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import settings
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for name, value in settings(place):
        if name == "session_replication_role" and value.lower() == "replica":
            yield Hit(
                "what this session writes from here on fires no trigger and is checked against no foreign key: rows "
                "without a match stay, and nothing finds them later",
                "# leave triggers on; let the trigger's function skip rows by a setting of this session alone\n",
            )


RULE = Rule(
    id="integrity-checks-off",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="SET session_replication_role = replica.",
    why=(
        "Foreign keys are triggers, so they are off as well (docs: session_replication_role). A row that breaks one "
        "stays, and no later check meets it. It needs a superuser or a grant of its own."
    ),
    recipe="# rows in an order that the foreign keys allow, or DEFERRABLE ones: SET CONSTRAINTS ALL DEFERRED\n",
    covers=("trigger-dropped-or-disabled",),
    look=_look,
)
