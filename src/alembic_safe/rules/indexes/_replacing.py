"""Which index takes the place of one that is dropped."""

from __future__ import annotations

from alembic_safe.model.facts import Name
from alembic_safe.model.known import KnownIndex
from alembic_safe.rules.looking import index_key, on_table
from alembic_safe.rules.place import Place, plain


def twin(place: Place, index: KnownIndex) -> bool:
    """Whether another index there begins with the same columns."""
    return any(
        plain(other.name) != plain(index.name) and other.columns[: len(index.columns)] == index.columns
        for other in place.before.indexes_of(index.table)
        if index.columns and (other.unique or not index.unique)
    )


def made_later(place: Place, index: KnownIndex) -> Place | None:
    """The later command of the plan that makes an index on the same first column."""
    for later in place.after():
        for reading in later.readings:
            table = on_table(reading)
            same = table is not None and plain(table) == plain(index.table)
            if reading.kind == "create index" and same and index_key(reading)[:1] == index.columns[:1]:
                return later
    return None


def names_of(index: KnownIndex) -> tuple[Name, Name]:
    """The index and its table, for a finding."""
    return index.name, index.table
