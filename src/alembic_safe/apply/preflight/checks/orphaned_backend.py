"""orphaned-backend: a session of an earlier run whose command is dead, and which may still hold locks."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene, duration, query


def _look(scene: Scene) -> Iterator[Found]:
    for pid, application, seconds, supervised in scene.database.fetch(query("runs_sessions")):
        if application in scene.own or (scene.doctor and supervised):
            continue
        run = application.partition("/")[2]
        # another target of this database may be migrated by a run that lives
        yield Found(
            f"a session of run {run} is still open (pid {pid}"
            + (f", for {duration(seconds)})" if seconds is not None else ")"),
            f"If that run is dead, end it: `SELECT pg_terminate_backend({pid})`, or `alembic-safe doctor --clean`.",
            "warn" if supervised else None,
        )


CHECK = Check("orphaned-backend", "refuse", "a session that a killed run left behind", _look, planned=True)
