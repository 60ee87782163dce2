"""The functions of this room for each dialect, so that whoever judges chooses once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from alembic_safe.model.catalog import Catalog
from alembic_safe.model.facts import Facts, Reading
from alembic_safe.model.targets import Dialect
from alembic_safe.quick import dataclass
from alembic_safe.sql import sqlite
from alembic_safe.sql.effects import facts_of
from alembic_safe.sql.reader import read
from alembic_safe.sql.resolving import resolve
from alembic_safe.sql.schema.model import Schema
from alembic_safe.sql.schema.replay import apply
from alembic_safe.sql.schema.seeding import seeded
from alembic_safe.sql.splitting import Piece, split


@dataclass(frozen=True, slots=True)
class Tongue:
    """How the statements of one dialect are cut, read, judged and replayed. See `alembic_safe.sql`."""

    split: Callable[[str], Iterable[Piece]]
    read: Callable[[str], Reading]
    resolve: Callable[[Reading, Schema], Reading]
    facts_of: Callable[[Reading, int, Schema], Facts]
    apply: Callable[[Schema, Reading], Schema]
    seeded: Callable[[Catalog], Schema]


def tongue(dialect: Dialect) -> Tongue:
    """The one of a dialect."""
    return _SQLITE if dialect == "sqlite" else _POSTGRESQL


def _as_written(reading: Reading, schema: Schema) -> Reading:
    """SQLite has no routines and no search_path: there is nothing to put in."""
    return reading


# a plan is read once for the names in it and once more to be judged, tenants' plans as often as there are tenants
_POSTGRESQL = Tongue(split, lru_cache(maxsize=4096)(read), resolve, facts_of, apply, seeded)
_SQLITE = Tongue(
    sqlite.split,
    lru_cache(maxsize=4096)(sqlite.read),
    _as_written,
    sqlite.facts_of,
    sqlite.apply,
    sqlite.seeded,
)
