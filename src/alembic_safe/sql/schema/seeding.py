"""The schema model begun from a catalog: what a database says of itself, in place of its history."""

from __future__ import annotations

from dataclasses import replace

from alembic_safe.model.catalog import Catalog, CatalogColumn, CatalogRoutine, CatalogTable, CatalogType
from alembic_safe.model.facts import DataType, Expression, Name
from alembic_safe.sql.cursor import Cursor, NotUnderstood
from alembic_safe.sql.expressions import look_at
from alembic_safe.sql.reader import read
from alembic_safe.sql.schema.model import (
    FROM_CATALOG,
    Clock,
    ColumnState,
    IndexState,
    Schema,
    TableState,
    TypeState,
    key,
)
from alembic_safe.sql.schema.replay import apply
from alembic_safe.sql.types import read_type


def seeded(catalog: Catalog) -> Schema:
    """The schema that a catalog shows. It knows all: what was asked for and is not in it is not there."""
    schema = Schema(
        tables={key(table.name): _table(table) for table in catalog.tables},
        indexes={
            key(index.name): IndexState(
                index.name,
                index.table,
                index.columns,
                index.unique,
                frozenset(index.depends),
                index.constraint,
            )
            for index in catalog.indexes
        },
        types={key(made.name): _type(made) for made in catalog.types},
        knows_all=True,
    )
    for routine in catalog.routines:
        schema = _with_routine(schema, routine)
    return replace(schema, others={(FROM_CATALOG, Name("")): Clock()})


def _with_routine(schema: Schema, routine: CatalogRoutine) -> Schema:
    """With a function as its own definition makes it, under the name that it is called by."""
    reading = read(routine.definition)
    objects = tuple(
        replace(one, name=routine.name) if one.role == "created" else one for one in reading.objects
    )
    return apply(schema, replace(reading, objects=objects))


def _table(table: CatalogTable) -> TableState:
    unproven = {
        column for c in table.constraints if c.kind == "not null" and not c.valid for column in c.columns
    }
    columns = {one.name: _column(one, one.name not in unproven) for one in table.columns}
    constraints = {c.name or "": replace(c, expression=_bare(c.expression)) for c in table.constraints}
    return TableState(
        table.name,
        table.kind,
        columns,
        constraints,
        table.partitioned,
        table.unlogged,
        table.parents,
        table.children,
        table.default_partition,
        table.bound,
        table.reads,
        table.triggers,
        replica_identity=table.replica_identity,
    )


def _column(column: CatalogColumn, valid: bool) -> ColumnState:
    return ColumnState(
        column.name,
        data_type(column.type),
        column.not_null,
        valid,
        _expression(column.default),
        column.generated,
        column.collation,
    )


def _type(made: CatalogType) -> TypeState:
    return TypeState(
        made.name,
        made.kind,
        data_type(made.base),
        made.constrained,
        frozenset(made.unchecked),
        made.values,
    )


def data_type(text: str) -> DataType | None:
    """A type as the server writes it; one that cannot be read keeps its text as its name."""
    if not text:
        return None
    try:
        return read_type(Cursor(text))
    except NotUnderstood:
        return DataType(text, text=text)


def _expression(text: str | None) -> Expression | None:
    if text is None:
        return None
    try:
        cursor = Cursor(text)
    except NotUnderstood:
        return Expression(text)
    return look_at(cursor, 0, len([k for k in cursor.keys if k]))


def _bare(expression: str) -> str:
    """Without the brackets that the server puts around every check."""
    return expression[1:-1] if expression.startswith("(") and expression.endswith(")") else expression
