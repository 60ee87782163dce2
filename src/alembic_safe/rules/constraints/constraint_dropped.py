"""A guarantee goes."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Constraint, LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions, says_not_null
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "drop constraint"):
        name = action.name or ""
        known = place.table(table)
        constraint = known.constraints.get(name) if known is not None else None
        if place.made("constraint", table, name) or (
            constraint is not None and _spare(place, table, constraint)
        ):
            continue
        if constraint is None and known is not None and known.complete and "if exists" in action.flags:
            continue
        kind = constraint.kind if constraint is not None else "constraint"
        yield Hit(
            _message(kind, constraint, table, name),
            code.CONTRACT + f"op.drop_constraint({name!r}, {table.name!r}{code.schema_of(table)})\n",
            (table, name),
            mode=LockMode.ACCESS_EXCLUSIVE,
            severity=None if kind in ("unique", "primary key", "exclude") else Severity.WARNING,
        )


def _spare(place: Place, table: Name, constraint: Constraint) -> bool:
    """Whether it says what something else still says: NOT NULL, or another unique index."""
    if constraint.kind == "check":
        column = place.column(table, says_not_null(constraint.expression))
        return column is not None and column.not_null and column.not_null_valid
    if constraint.kind == "unique":
        return any(
            i.unique
            and not i.depends
            and i.constraint != constraint.name
            and set(i.columns) == set(constraint.columns)
            for i in place.before.indexes_of(plain(table))
        )
    return False


def _message(kind: str, constraint: Constraint | None, table: Name, name: str) -> str:
    if kind in ("unique", "primary key"):
        columns = ", ".join(constraint.columns) if constraint is not None else ""
        return f"duplicates of {columns} may enter {table}, and ON CONFLICT on it fails at once (42P10)"
    if kind == "foreign key" and constraint is not None:
        return f"rows without a match in {constraint.references} may enter {table}; both are locked for an instant"
    return f"rows that break {name} may enter {table}, and adding it again has to check them all"


RULE = Rule(
    id="constraint-dropped",
    severity=Severity.ERROR,
    hazard="irreversible",
    summary="DROP CONSTRAINT of a guarantee that code may rely on.",
    why=(
        "The DDL is instant. Unique keys carry ON CONFLICT and foreign keys, so dropping one is a contract step (an "
        "error until declared); a CHECK or foreign key only lets bad rows in, which is a warning. A CHECK (x IS NOT "
        "NULL) of a column that is NOT NULL by now may go."
    ),
    recipe=code.CONTRACT + "op.drop_constraint('uq_users_email', 'users')\n",
    covers=("constraint-dropped",),
    look=_look,
    contract=True,
)
