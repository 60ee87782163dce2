"""A CHECK that is verified over all rows."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import added_constraints, scans
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    found = scans(place, "check")
    if not found:
        return
    for table, constraint, inline in added_constraints(place, "check"):
        if constraint.valid and constraint.enforced:
            with_column = " (even of a new column that is NULL in all of them)" if inline else ""
            yield Hit(
                f"verifies every row of {table}{with_column} while every read and write waits",
                _recipe(table, constraint.name or f"ck_{table.name}", constraint.expression),
                (table, *((constraint.name,) if constraint.name else ())),
                work=tuple(dict.fromkeys(s.object.name for s in found)),
                mode=LockMode.ACCESS_EXCLUSIVE,
            )


def _recipe(table: Name, name: str, expression: str) -> str:
    target = code.ident(table)
    return (
        "# revision 1: new rows are checked\n"
        f"op.create_check_constraint({name!r}, {table.name!r}, {expression!r}{code.schema_of(table)}, "
        "postgresql_not_valid=True)\n"
        "# revision 2: old rows are checked while reads and writes go on\n"
        + code.execute(f"ALTER TABLE {target} VALIDATE CONSTRAINT {code.ident(name)}")
    )


RULE = Rule(
    id="check-constraint-validates",
    severity=Severity.ERROR,
    hazard="scan",
    summary="ADD CONSTRAINT ... CHECK without NOT VALID, or CHECK with a new column.",
    why=(
        "Every row is read under ACCESS EXCLUSIVE, with a new column even though all its values are NULL. NOT VALID is "
        "instant, and VALIDATE reads under SHARE UPDATE EXCLUSIVE, which stops neither reads nor writes."
    ),
    recipe=_recipe(Name("orders"), "ck_orders_total", "total >= 0"),
    covers=("check-constraint-validates", "add-column-inline-check"),
    look=_look,
)
