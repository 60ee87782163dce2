"""A batch on a table that others reference, where foreign keys may be enforced."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.copying import copy_dropped
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_OFF = ("0", "off", "no", "false")
_DOES = {
    "cascade": "their rows are deleted with it",
    "set null": "their rows lose what they point at",
    "set default": "their rows point at the default",
}


def _look(place: Place) -> Iterator[Hit]:
    table = copy_dropped(place)
    enforced = place.before.pragma("foreign_keys")
    if table is None or enforced in _OFF:
        return
    for child, constraint in place.before.referencing(table):
        if child.name == table:
            continue
        does = _DOES.get(constraint.on_delete, "the DROP fails where they have rows that point at it")
        loses = constraint.on_delete in _DOES
        certain = enforced is not None and loses
        when = "" if enforced is not None else "where the connection says PRAGMA foreign_keys=ON, "
        yield Hit(
            f"{when}the DROP TABLE {table} of the batch deletes its rows first: "
            f"{child.name} references it, and {does}",
            _recipe(table.name),
            (table, child.name),
            severity=Severity.ERROR if certain else Severity.WARNING,
        )


def _recipe(table: str) -> str:
    return (
        "# the first statement of the revision: inside a transaction that pragma does nothing\n"
        "op.execute('PRAGMA foreign_keys=OFF')\n"
        f"with op.batch_alter_table({table!r}) as batch:\n    ...\n"
        "op.execute('PRAGMA foreign_key_check')\n"
    )


RULE = Rule(
    id="batch-copy-deletes-children",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="A batch drops a table that others reference while foreign keys may be enforced.",
    why=(
        "Alembic's batch mode drops the table to put its copy there. With PRAGMA foreign_keys=ON, DROP TABLE deletes "
        "all rows first (sqlite.org/foreignkeys.html, section 5): ON DELETE CASCADE empties the children, SET NULL "
        "cuts their links, and without an action the DROP fails. It is an error where a statement of the plan switches "
        "them on, and a warning where that may have been done at connect: the pragma is the connection's own."
    ),
    recipe=_recipe("customers"),
    look=_look,
    dialects=("sqlite",),
)
