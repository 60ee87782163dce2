"""What concurrent builds meet and leave: old transactions before them, INVALID indexes after them."""

from __future__ import annotations

from contextlib import suppress

from alembic_safe.databases.postgresql.others import other
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.errors import AlembicSafeError, UnreachableError
from alembic_safe.model.guarding import Other
from alembic_safe.model.protocols import Database
from alembic_safe.quick import dataclass

# an INVALID index that cannot be dropped now can be dropped later; nobody is to wait for it
_DROP_WAIT = "2s"
_USUAL_WAIT = "30s"


@dataclass(frozen=True, slots=True)
class InvalidIndex:
    """`name` is qualified and quoted, `plain` neither, nor is `table`.

    `busy`: another session is at work on its table, so that it may be another's. `theirs`: another session is
    building it now.
    """

    oid: int
    name: str
    plain: str
    table: str
    busy: bool
    theirs: bool


def invalid_indexes(database: Database, own: str) -> tuple[InvalidIndex, ...]:
    """Every one of the database; none on SQLite, which has no such thing.

    `own` is the application_name of the run's sessions, "" where there is none: those of others are others'.
    """
    if database.facts.dialect != "postgresql":
        return ()
    return tuple(InvalidIndex(*row) for row in database.fetch(query("invalid_indexes"), {"own": own}))


def drop_invalid(database: Database, index: InvalidIndex) -> bool:
    """Drop it concurrently, waiting 2 s at most; whether it is gone. Raises `UnreachableError`."""
    try:
        database.execute(f"SET lock_timeout = '{_DROP_WAIT}'")
        database.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}")
    except UnreachableError:
        raise
    except AlembicSafeError:  # waited in vain, or another role's
        return False
    finally:
        with suppress(AlembicSafeError):
            database.execute(f"SET lock_timeout = '{_USUAL_WAIT}'")
    return True


@dataclass(frozen=True, slots=True)
class PendingDetach:
    """A partition that is half detached; `parent` and `name` are qualified and quoted, `plain` neither."""

    parent: str
    name: str
    plain: str


def pending_detaches(database: Database) -> tuple[PendingDetach, ...]:
    """Every partition of the database that an interrupted DETACH ... CONCURRENTLY left; none on SQLite."""
    if database.facts.dialect != "postgresql":
        return ()
    return tuple(PendingDetach(*row) for row in database.fetch(query("pending_detaches")))


def old_snapshots(database: Database) -> tuple[Other, ...]:
    """Transactions older than a second, the oldest first; none on SQLite."""
    if database.facts.dialect != "postgresql":
        return ()
    return tuple(other(row) for row in database.fetch(query("old_snapshots")))
