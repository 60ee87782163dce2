"""SET EXPRESSION of a generated column."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules.columns._shadow import shadow
from alembic_safe.rules.looking import actions, rewrites
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "set expression"):
        if rewrites(place):
            expression = action.expression.text if action.expression else "..."
            yield Hit(
                f"computes {action.name} again for every row of {table} while every read and write waits",
                shadow(table, action.name or "", f"{action.name}_new", "...", expression),
                (table, f"{table}.{action.name}"),
                work=(table,),
                mode=LockMode.ACCESS_EXCLUSIVE,
            )


RULE = Rule(
    id="generated-expression-changed",
    severity=Severity.ERROR,
    hazard="rewrite",
    summary="SET EXPRESSION of a stored generated column.",
    why="A stored column is computed again for every row under ACCESS EXCLUSIVE; a virtual one (18) is not.",
    recipe=shadow(Name("orders"), "total", "total_new", "numeric", "net * 1.2"),
    covers=("generated-expression-changed",),
    look=_look,
)
