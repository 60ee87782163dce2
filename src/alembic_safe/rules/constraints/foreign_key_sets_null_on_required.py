"""ON DELETE SET NULL on a column that must not be NULL."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Constraint, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules.constraints.foreign_key_without_index import _foreign_keys
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if target is None or reading.kind not in ("create table", "alter table"):
            continue
        for constraint in _foreign_keys(reading):
            if not constraint.on_delete.lower().startswith("set null"):
                continue
            columns = [c for c in _nulled(constraint) if _required(place, reading, target.name, c)]
            if columns:
                yield Hit(
                    f"each DELETE of a referenced row in {constraint.references} fails (23502): {columns[0]} must not "
                    "be NULL",
                    "# ondelete='CASCADE' or 'RESTRICT', or a column that may be NULL\n",
                    (target.name, *(f"{target.name}.{c}" for c in columns)),
                )


def _nulled(constraint: Constraint) -> tuple[str, ...]:
    """The columns that are set: all, or those of SET NULL (a, b)."""
    _, bracket, inside = constraint.on_delete.partition("(")
    if not bracket:
        return constraint.columns
    return tuple(part.strip(' ")') for part in inside.rstrip(") ").split(","))


def _required(place: Place, reading: Reading, table: Name, column: str) -> bool:
    for action in reading.actions:
        if action.column is not None and action.column.name == column:
            return action.column.not_null
        key = action.constraint
        if key is not None and key.kind == "primary key" and column in key.columns:
            return True
    state = place.column(table, column)
    return state is not None and state.not_null


RULE = Rule(
    id="foreign-key-sets-null-on-required",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="ON DELETE SET NULL on a column that is NOT NULL.",
    why="The server accepts the constraint. From then on every delete of a referenced row fails.",
    recipe="op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'], ondelete='RESTRICT')\n",
    covers=("foreign-key-set-null-on-not-null-column",),
    look=_look,
)
