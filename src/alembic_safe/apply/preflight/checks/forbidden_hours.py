"""forbidden-hours: a time in which the settings let nothing be applied."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene, duration
from alembic_safe.apply.preflight.hours import ends_in


def _look(scene: Scene) -> Iterator[Found]:
    for hours in scene.policy.not_between:
        left = ends_in(hours, scene.now)
        if left is not None:
            yield Found(
                f"nothing is applied between {hours.text} (not-between)",
                f"Run it again in {duration(left)}.",
            )


CHECK = Check(
    "forbidden-hours",
    "refuse",
    "hours in which nothing is to be applied (`not-between`)",
    _look,
    ("postgresql", "sqlite"),
)
