"""free-disk: too little room for the new copies that rewrites and index builds make, where that can be known."""

from __future__ import annotations

import os
from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene, query, size

# a B-tree of a few columns is seldom larger than half its table; what is written goes to the WAL as well
_INDEX_SHARE, _WITH_WAL = 0.5, 2.0


def _look(scene: Scene) -> Iterator[Found]:
    needed = estimate(scene)
    free = _free(scene) if needed else None
    if free is None:
        return
    if needed > free / 2:
        copies = sorted({t.name for t in scene.tables if scene.work and _copied(scene, t.planned)})
        yield Found(
            f"the plan needs about {size(needed)} of disk for new copies of {', '.join(copies)} and for WAL,"
            f" and {size(free)} are free",
            "Make room on the server, or split the change (see `alembic-safe explain table-rewritten`).",
            None if needed > free else "warn",
        )


def estimate(scene: Scene) -> float:
    """Bytes that rewrites and index builds of the plan will take, WAL included; 0 where it has none."""
    if scene.work is None:
        return 0.0
    rewritten = sum(table.total for table in scene.tables if table.planned in scene.work.rewritten)
    built = sum(
        table.heap * scene.work.indexed.count(table.planned) * _INDEX_SHARE
        for table in scene.tables
        if table.planned not in scene.work.rewritten
    )
    return (rewritten + built) * _WITH_WAL


def _copied(scene: Scene, name: object) -> bool:
    work = scene.work
    return work is not None and (name in work.rewritten or name in work.indexed)


def _free(scene: Scene) -> float | None:
    """Free bytes where the server keeps its data; None unless it is this machine and we are told where."""
    if scene.database.facts.pooler:
        return None
    rows = scene.database.fetch(query("data_directory"))
    if not rows or not rows[0][0]:
        return None
    try:
        found = os.statvfs(rows[0][0])
    except OSError:
        return None
    return float(found.f_bavail * found.f_frsize)


CHECK = Check(
    "free-disk", "refuse", "too little free disk for rewrites and index builds", _look, planned=True
)
