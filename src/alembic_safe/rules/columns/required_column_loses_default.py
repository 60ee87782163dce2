"""A required column whose default goes before the new code is everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions, column_is_new
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "drop default"):
        column = place.column(table, action.name)
        new = column_is_new(place, table, action.name)
        if column is not None and column.default is None:
            continue  # there is none to lose
        if column is not None and not column.not_null:
            if not new:
                yield Hit(
                    f"rows that do not name {action.name} get NULL from now on",
                    objects=(table, f"{table}.{action.name}"),
                    severity=Severity.NOTE,
                )
            continue
        if column is None and not new:
            severity, message = Severity.WARNING, f"inserts that do not name {action.name} get NULL, or fail"
        else:
            severity, message = (
                None,
                f"running code that does not name {action.name} can no longer insert (23502)",
            )
        yield Hit(
            message,
            "# keep the default until code that fills the column runs everywhere; then, in a later release\n"
            + code.CONTRACT
            + f"op.alter_column({table.name!r}, {action.name!r}, server_default=None{code.schema_of(table)})\n",
            (table, f"{table}.{action.name}"),
            severity=severity,
        )


RULE = Rule(
    id="required-column-loses-default",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="DROP DEFAULT of a column that must not be NULL.",
    why=(
        "The DDL is instant. Every INSERT of running code that leaves the column out fails with 23502 from then on, "
        "which is the usual end of ADD COLUMN NOT NULL DEFAULT with the default taken away in the same deploy."
    ),
    recipe=code.CONTRACT + "op.alter_column('orders', 'state', server_default=None)\n",
    covers=("add-required-column-then-drop-default", "default-dropped"),
    look=_look,
    contract=True,
)
