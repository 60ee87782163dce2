"""old-application: code before this checkout is still connected, and a contract step would break it."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from alembic_safe.apply.preflight.check import Check, Found, Scene, query


def _look(scene: Scene) -> Iterator[Found]:
    patterns, work = scene.policy.old_applications, scene.work
    if not patterns or (work is not None and not work.contracts):
        return
    for name, sessions in scene.database.fetch(query("applications")):
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            what = (
                f"revision {work.contracts[0].revision} contracts" if work is not None else "no contract step"
            )
            yield Found(
                f"{sessions} session{'' if sessions == 1 else 's'} of {name} "
                f"{'is' if sessions == 1 else 'are'} connected"
                + (f", and {what}" if work is not None else f": {what} may be run"),
                "Run `alembic-safe upgrade --phase expand` now, and the rest when the old code is gone.",
            )


CHECK = Check(
    "old-application",
    "refuse",
    "sessions of the code before (`old-application`) where a contract step is planned",
    _look,
    planned=True,
)
