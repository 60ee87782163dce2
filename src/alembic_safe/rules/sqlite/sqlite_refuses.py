"""A statement that SQLite refuses."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    if place.facts.fails:
        target = place.reading.target
        table = target.name.name if target is not None and place.reading.kind == "alter table" else ""
        yield Hit(
            f"fails on SQLite: {place.facts.fails}",
            f"with op.batch_alter_table({table!r}) as batch:\n    ...\n" if table else "",
            tuple(o.name for o in place.reading.objects),
            fails=True,
        )


RULE = Rule(
    id="sqlite-refuses",
    severity=Severity.ERROR,
    hazard="transaction",
    summary="SQLite does not have the statement, or refuses it for what hangs on the column.",
    why=(
        "SQLite's ALTER TABLE renames, adds a column and (3.35) drops one, and nothing else. ADD COLUMN brings no key, "
        "and no default but a literal once there is a row: a test on an empty table passes. DROP COLUMN is refused for "
        "a column in a key, an index, a CHECK with another column, or a view (sqlite.org/lang_altertable.html). A "
        "failure leaves what ran before it: SQLite's DDL through Python is committed statement by statement until the "
        "first INSERT, UPDATE or DELETE of the revision."
    ),
    recipe="with op.batch_alter_table('orders') as batch:\n    batch.alter_column('state', nullable=False)\n",
    look=_look,
    dialects=("sqlite",),
)
