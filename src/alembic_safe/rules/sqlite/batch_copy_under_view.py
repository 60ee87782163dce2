"""A batch on a table that a view or another table's trigger names."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.copying import copy_renamed
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_ON = ("1", "on", "yes", "true")


def _look(place: Place) -> Iterator[Hit]:
    table = copy_renamed(place)
    if table is None or place.before.pragma("legacy_alter_table") in _ON:
        return
    readers = [one for one in place.before.readers(table) if table.name not in (p.name for p in one.parents)]
    if readers:
        said = ", ".join(f"the {one.kind} {one.name}" for one in readers)
        yield Hit(
            f"fails: {said} names {table}, which is not there between the DROP and the RENAME of the batch; the empty "
            f"copy {place.reading.target.name if place.reading.target else ''} stays behind, and so the next try fails",
            _recipe(table.name, readers[0].kind, readers[0].name.name),
            (table, *(one.name for one in readers)),
            fails=True,
        )


def _recipe(table: str, kind: str, name: str) -> str:
    return (
        f"op.execute({f'DROP {kind.upper()} {name}'!r})\n"
        f"with op.batch_alter_table({table!r}) as batch:\n    ...\n"
        f"op.execute({f'CREATE {kind.upper()} {name} ...'!r})\n"
    )


RULE = Rule(
    id="batch-copy-under-view",
    severity=Severity.ERROR,
    hazard="transaction",
    summary="A batch on a table that a view or another table's trigger names.",
    why=(
        "Since SQLite 3.25 ALTER TABLE RENAME reads every view and trigger anew, and fails with `error in view v: no "
        "such table` for one that names the table which the batch has just dropped (sqlite.org/lang_altertable.html, "
        "`PRAGMA legacy_alter_table`). The copy was made outside the transaction and stays: `_alembic_tmp_...`."
    ),
    recipe=_recipe("orders", "view", "open_orders"),
    look=_look,
    dialects=("sqlite",),
)
