"""replication-slot: a slot that nobody reads keeps WAL for ever, or is lost when the plan writes much."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene, query, size
from alembic_safe.apply.preflight.checks.free_disk import estimate

_MUCH = 1e9


def _look(scene: Scene) -> Iterator[Found]:
    if scene.database.facts.in_recovery:
        return
    wal = estimate(scene) / 2
    for name, kind, active, status, retained, safe in scene.database.fetch(query("slots")):
        slot = f"the {kind} replication slot {name}"
        drop = f"Start its reader, or `SELECT pg_drop_replication_slot('{name}')` if it has none any more."
        if status in ("unreserved", "lost"):
            yield Found(f"{slot} is {status}: WAL that its reader needs is gone, or about to go", drop)
        elif safe is not None and wal > safe:
            yield Found(
                f"{slot} can bear {size(safe)} more WAL, and the plan writes about {size(wal)}",
                "Raise max_slot_wal_keep_size, or let its reader catch up.",
                "refuse",
            )
        elif not active and (retained or 0) >= _MUCH:
            yield Found(f"nobody reads {slot}, which keeps {size(retained)} of WAL on the server", drop)


CHECK = Check(
    "replication-slot",
    "warn",
    "replication slots that nobody reads, or that would be lost",
    _look,
    planned=True,
)
