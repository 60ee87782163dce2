"""RENAME COLUMN."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules.columns._shadow import shadow
from alembic_safe.rules.copying import copied
from alembic_safe.rules.looking import column_is_new
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import BOTH, Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    copy = copied(place)
    for old, new in copy.renamed() if copy is not None else ():
        if copy is not None and not column_is_new(place, copy.table, old):
            yield _hit(place, copy.table, old, new)
    for reading in place.readings:
        target = reading.target
        if target is None or not reading.kind.startswith("alter ") or not place.old(target.name):
            continue
        for action in reading.actions:
            if action.kind != "rename column" or column_is_new(place, target.name, action.name):
                continue
            yield _hit(place, target.name, action.name or "", action.new_name or "")


def _hit(place: Place, table: Name, old: str, new: str) -> Hit:
    column = place.column(table, old)
    type_ = column.type.text if column is not None and column.type is not None else "..."
    code_ = "" if place.whole.plan.dialect == "sqlite" else " (42703)"
    recipe = f"# keep the name in the database: {new} = Column({old!r}, ...)\n"
    if place.whole.plan.dialect == "postgresql":
        recipe += "# or, where it must change:\n" + shadow(table, old, new, type_, old)
    return Hit(
        f"every query of running code that names {old} fails at once{code_}",
        recipe,
        (table, f"{table}.{old}"),
    )


RULE = Rule(
    id="column-renamed",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="A column that code uses gets another name.",
    why=(
        "The rename is instant and complete: code of the previous release fails on every query that names the "
        "column, code of the next one fails until it is done. No order of deploying helps."
    ),
    recipe=shadow(Name("users"), "name", "full_name", "text", "name"),
    covers=("column-renamed",),
    look=_look,
    dialects=BOTH,
)
