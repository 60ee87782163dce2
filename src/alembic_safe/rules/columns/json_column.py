"""A column of type json."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "add column"):
        column = action.column
        if column is not None and column.type is not None and column.type.name == "json":
            yield Hit(
                f"SELECT DISTINCT, GROUP BY and UNION over all of {table} fail: json has no equality",
                f"op.add_column({table.name!r}, sa.Column({column.name!r}, postgresql.JSONB){code.schema_of(table)})\n",
                (table, f"{table}.{column.name}"),
            )


RULE = Rule(
    id="json-column",
    severity=Severity.WARNING,
    hazard="breaks application",
    summary="A json column is added to a table in use.",
    why="json has no equality operator, so that queries which compare whole rows fail (42883). jsonb has one.",
    recipe="op.add_column('orders', sa.Column('extra', postgresql.JSONB))\n",
    covers=("add-json-column",),
    look=_look,
)
