"""pooler: our own connection shares server sessions with others, where some things cannot be done."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene

_CURE = (
    "Set `control-url` to the database's direct address, past the pooler: `env:NAME`, `file:PATH` or"
    " `service=NAME`."
)


def _look(scene: Scene) -> Iterator[Found]:
    facts = scene.database.facts
    if not facts.pooler:
        return
    where = f"the connection to {facts.address} goes through a pooler"
    if scene.work is None:
        yield Found(
            f"{where}: a lease row stands for the deploy lock, and no backup can be made", _CURE, "warn"
        )
        return
    if scene.backup.skip_reason is None:
        yield Found(
            f"{where}, and pg_dump would leave its settings on sessions that the application gets next", _CURE
        )
    if scene.work.autocommit:
        yield Found(
            f"{where}, and a statement of the plan commits on its own: it could not be watched or ended",
            _CURE,
        )


CHECK = Check("pooler", "refuse", "a pooler in the way of what the plan needs", _look, planned=True)
