"""UNIQUE that builds its index under ACCESS EXCLUSIVE."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules.constraints._using_index import using_index
from alembic_safe.rules.looking import added_constraints
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for table, constraint, _ in added_constraints(place, "unique"):
        if constraint.using_index is not None:
            continue
        name = constraint.name or f"uq_{table.name}_{'_'.join(constraint.columns)}"
        known = place.table(table)
        partitioned = known is not None and known.partitioned
        yield Hit(
            f"builds an index over {table} while every read and write waits",
            "# partitioned: a unique index CONCURRENTLY on each partition, attached to one made with ON ONLY\n"
            if partitioned
            else using_index(table, name, constraint.columns, "UNIQUE"),
            (table, *((constraint.name,) if constraint.name else ())),
            work=(table,),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


RULE = Rule(
    id="unique-constraint-builds-index",
    severity=Severity.ERROR,
    hazard="scan",
    summary="ADD UNIQUE, or a new column that is UNIQUE, on a table in use.",
    why=(
        "The index is built under ACCESS EXCLUSIVE. One that was built CONCURRENTLY before can be made the "
        "constraint's in an instant (docs: ALTER TABLE, ADD table_constraint_using_index)."
    ),
    recipe=using_index(Name("users"), "uq_users_email", ("email",), "UNIQUE"),
    covers=("unique-constraint-builds-index", "add-column-inline-unique"),
    look=_look,
)
