"""Which foreign keys stand on a unique index: they refuse, or with CASCADE go with, what it stands for."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Constraint, Name
from alembic_safe.sql.schema.model import IndexState, Schema, TableState, key

Pair = tuple[TableState, Constraint]


def relying_on_index(schema: Schema, index: IndexState) -> tuple[Pair, ...]:
    """The foreign keys that the server ties to this unique index.

    Of several that would do, it takes the oldest (PostgreSQL's transformFkeyCheckAttrs goes through them by oid).
    """
    if not index.unique or index.depends:
        return ()
    return tuple(
        pair for pair in schema.referencing(index.table) if _chosen(schema, index.table, pair) == index
    )


def relying_on_constraint(schema: Schema, table: Name, constraint: Constraint) -> tuple[Pair, ...]:
    """The foreign keys that need a unique constraint or primary key."""
    index = schema.index(Name(constraint.name or "", table.schema))
    if index is None or index.constraint != constraint.name or key(index.table) != key(table):
        return ()
    return relying_on_index(schema, index)


def relying_on_column(schema: Schema, table: Name, column: str) -> tuple[Pair, ...]:
    """The foreign keys that point at a column: by its name, or as part of the primary key."""
    return tuple(
        (other, foreign)
        for other, foreign in schema.referencing(table)
        if column in (foreign.referenced_columns or _primary(schema, table))
        and not (key(other.name) == key(table) and column in foreign.columns)
    )


def _chosen(schema: Schema, table: Name, pair: Pair) -> IndexState | None:
    wanted = set(pair[1].referenced_columns or _primary(schema, table))
    return next((i for i in _unique(schema, table) if wanted and set(i.columns) == wanted), None)


def _unique(schema: Schema, table: Name) -> Iterator[IndexState]:
    return (i for i in schema.indexes_of(table) if i.unique and not i.depends)


def _primary(schema: Schema, table: Name) -> tuple[str, ...]:
    known = schema.table(table)
    found = (c.columns for c in known.constraints.values() if c.kind == "primary key") if known else ()
    return next(iter(found), ())
