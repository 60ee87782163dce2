"""Where a history is replayed and a schema loaded: the target's own server first, for its extensions and version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from alembic_safe.databases import ScratchPlace, open_scratch
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.errors import AlembicSafeError, RefusedError
from alembic_safe.model.protocols import Database
from alembic_safe.model.scratch import ScratchPolicy

_MAY_CREATE = """SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = current_user"""
Opener = Callable[[], ScratchPlace]


def openers(
    policy: ScratchPolicy, database: Database, run: str, extensions: tuple[str, ...]
) -> Iterator[Opener]:
    """Ways to a scratch of the database's kind and major, best first. Each raises `RefusedError` where it has none."""
    facts = database.facts
    if facts.dialect == "sqlite":
        yield lambda: _opened(policy, "sqlite", run, None, ())
        return
    major = facts.version_number // 10_000
    if policy.mode == "auto" and isinstance(database, PostgresDatabase) and _may_create(database):
        own = replace(policy, mode="server", keywords=dict(database.connected.keywords))
        yield lambda: _opened(own, "postgresql", run, major, ())
    yield lambda: _opened(policy, "postgresql", run, major, extensions)


def _may_create(database: Database) -> bool:
    facts = database.facts
    return not (facts.in_recovery or facts.pooler) and bool(database.fetch(_MAY_CREATE)[0][0])


def _opened(
    policy: ScratchPolicy, dialect: str, run: str, major: int | None, extensions: tuple[str, ...]
) -> ScratchPlace:
    if policy.mode == "off":
        raise RefusedError(
            "`--scratch off` leaves nothing to replay the history on", hint="Use `--scratch auto`."
        )
    try:
        place = open_scratch(
            policy,
            dialect="sqlite" if dialect == "sqlite" else "postgresql",
            run=run,
            major=major,
            extensions=extensions,
        )
    except AlembicSafeError as error:
        raise RefusedError(f"no scratch database can be had: {error.message}", hint=error.hint) from error
    if place is None or (major is not None and place.server.major != major):
        where = "on this machine" if policy.mode == "auto" else "there"
        if place is not None:
            place.close()
        raise RefusedError(
            f"there is no PostgreSQL {major} {where}, and a schema reads differently on another version",
            hint="Grant the role CREATEDB, so that the target's own server can be used; or name a server of that"
            " version with `--scratch env:NAME`.",
        )
    return place
