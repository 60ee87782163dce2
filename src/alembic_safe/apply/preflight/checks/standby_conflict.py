"""standby-conflict: a standby that has our changes and does not replay them, since a query there is in the way.

An ACCESS EXCLUSIVE lock is replayed on a standby too: there it waits for queries up to
max_standby_streaming_delay, with all replay behind it, and then cancels them (docs, Hot Standby).
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene, query, size
from alembic_safe.model.facts import LockMode

_PAUSE = 0.5


def _look(scene: Scene) -> Iterator[Found]:
    if scene.database.facts.in_recovery:
        return
    if scene.work is not None and LockMode.ACCESS_EXCLUSIVE not in scene.work.locks.values():
        return
    before = _waiting(scene)
    if not before:
        return
    time.sleep(_PAUSE)
    for name, (replayed, bytes_) in _waiting(scene).items():
        if name in before and before[name][0] == replayed:
            yield Found(
                f"standby {name} has {size(bytes_)} that it does not replay: a query there is in the way, or"
                " its replay is paused; the plan's ACCESS EXCLUSIVE locks would queue behind that",
                "Look at pg_stat_activity and pg_is_wal_replay_paused() on the standby.",
            )


def _waiting(scene: Scene) -> dict[str, tuple[str, float]]:
    """By standby: where its replay is, and the bytes that it has and has not replayed."""
    rows = scene.database.fetch(query("standbys"))
    return {name: (replayed, waiting) for name, _, _, waiting, replayed, _ in rows if waiting and waiting > 0}


CHECK = Check("standby-conflict", "warn", "standbys whose replay is held up by a query", _look, planned=True)
