"""pooler-autocommit: a statement that commits on its own cannot be watched or ended through a pooler."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene
from alembic_safe.apply.preflight.checks.pooler import CURE


def _look(scene: Scene) -> Iterator[Found]:
    facts = scene.database.facts
    if scene.work is None or not scene.work.autocommit:
        return
    if facts.pooler:
        yield Found(
            f"the connection to {facts.address} goes through a pooler, and a statement of the plan commits on its"
            " own: it could not be watched or ended",
            CURE,
        )
    elif scene.pooled:
        yield Found(
            "env.py's own connection goes through a pooler, and a statement of the plan commits on its own: how long"
            " it waits, and for whom, is not watched, and it is not ended with the run",
            "Let env.py use the database's direct address for migrations.",
            "warn",
        )


CHECK = Check(
    "pooler-autocommit",
    "refuse",
    "statements that commit on their own, through a pooler",
    _look,
    planned=True,
)
