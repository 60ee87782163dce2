"""connection-limit: too few connections left for a run: its worker, its guard, the dump's."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene, query

_WORKER_AND_GUARD = 2


def _look(scene: Scene) -> Iterator[Found]:
    dump = 0 if scene.backup.skip_reason is not None else scene.backup.jobs + 1
    needed = max(_WORKER_AND_GUARD, dump)
    for what, free, cure in scene.database.fetch(
        query("connections"), [scene.target.role or scene.database.facts.user]
    ):
        if free is not None and free < needed:
            left = "no connection is" if free <= 0 else f"{free} connection{'' if free == 1 else 's are'}"
            left += " is" if free == 1 else ""
            yield Found(f"{left} left of {what}, and a run takes {needed}", cure)


CHECK = Check("connection-limit", "refuse", "too few free connections on the server, database or role", _look)
