"""server-version: a PostgreSQL that is not among those this tool knows."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene

OLDEST, NEWEST = 15, 18
_NEEDED = 13  # pg_xact_status of an xid8, by which commits are proven


def _look(scene: Scene) -> Iterator[Found]:
    facts = scene.database.facts
    major = facts.version_number // 10000
    if OLDEST <= major <= NEWEST:
        return
    which = "newer" if major > NEWEST else "older"
    yield Found(
        f"PostgreSQL {facts.version} is {which} than {OLDEST} to {NEWEST}, which this alembic-safe was tried with",
        "Use a newer alembic-safe, if there is one." if major > NEWEST else "Bring the server up to date.",
        "refuse" if major < _NEEDED else None,
    )


CHECK = Check("server-version", "warn", "a PostgreSQL older or newer than those we know", _look)
