"""pooler: our own connection shares server sessions with others, where no backup can be made."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene

CURE = (
    "Set `control-url` to the database's direct address, past the pooler: `env:NAME`, `file:PATH` or"
    " `service=NAME`."
)


def _look(scene: Scene) -> Iterator[Found]:
    facts = scene.database.facts
    if not facts.pooler:
        return
    where = f"the connection to {facts.address} goes through a pooler"
    if scene.backup.skip_reason is None:
        yield Found(
            f"{where}, and pg_dump would leave its settings on sessions that the application is given next",
            CURE,
        )
    else:
        yield Found(f"{where}: a lease row stands for the deploy lock", CURE, "warn")


CHECK = Check("pooler", "refuse", "a pooler between us and the server", _look)
