"""old-transaction: a transaction that has long held a lock which the plan needs, and will not end by itself soon."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.blocking import blockers
from alembic_safe.apply.preflight.check import Check, Found, Scene, duration, query, session


def _look(scene: Scene) -> Iterator[Found]:
    met: set[int | None] = set()
    for one in blockers(scene):
        old = one.age is not None and one.age >= scene.policy.old_transaction
        if one.kind == "client backend" and old and one.pid not in met:
            met.add(one.pid)
            who = session(one.pid, one.user, one.name, one.state)
            yield Found(
                f"{who} has held {one.mode.title} on {one.table.name} in a transaction of"
                f" {duration(one.age or 0)}; the plan needs {one.table.mode.title}",
                f"End that transaction: `SELECT pg_terminate_backend({one.pid})`.",
            )
    if scene.work is not None and not scene.work.autocommit:
        return
    # what is built CONCURRENTLY waits for every older snapshot of the database, whatever it reads
    for pid, user, application, state, age in scene.database.fetch(
        query("old_snapshots"), [scene.policy.old_transaction]
    ):
        if pid not in met and application not in scene.own:
            yield Found(
                f"{session(pid, user, application, state)} has a transaction of {duration(age)}, for which"
                " everything CONCURRENTLY waits",
                f"Let it end, or end it: `SELECT pg_terminate_backend({pid})`.",
                "warn",
            )


CHECK = Check(
    "old-transaction",
    "refuse",
    "transactions older than `old-transaction` that hold locks which the plan needs",
    _look,
    planned=True,
)
