"""CREATE TRIGGER and CREATE RULE."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import on_table
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        table = on_table(reading)
        if table is None or not place.old(table):
            continue
        if reading.kind == "create trigger" and not _replaces(place, reading.objects[0].name.name):
            yield Hit(
                f"every write to {table} runs it from the commit on, with its time and its errors, and writes wait "
                "for the rest of this transaction",
                "# alone in its revision\n",
                (table, reading.objects[0].name),
                mode=LockMode.SHARE_ROW_EXCLUSIVE,
            )
        elif reading.kind == "create rule":
            yield Hit(
                f"every query on {table} is rewritten from the commit on, prepared ones too",
                "# a trigger, or a view\n",
                (table, reading.objects[0].name),
                mode=LockMode.ACCESS_EXCLUSIVE,
                severity=Severity.ERROR,
            )


def _replaces(place: Place, name: str) -> bool:
    """Whether the same transaction dropped a trigger of this name: then nothing is new."""
    return any(
        reading.kind == "drop trigger" and reading.objects and reading.objects[0].name.name == name
        for earlier in place.before_in_revision()
        for reading in earlier.readings
    )


RULE = Rule(
    id="trigger-created",
    severity=Severity.WARNING,
    hazard="lock",
    summary="CREATE TRIGGER, or (an error) CREATE RULE, on a table in use.",
    why=(
        "CREATE TRIGGER takes SHARE ROW EXCLUSIVE to the end of the transaction: writes wait. CREATE RULE takes ACCESS "
        "EXCLUSIVE and changes what running code's statements mean."
    ),
    recipe="# revision of its own\nop.execute('CREATE TRIGGER sync_names BEFORE INSERT OR UPDATE ON customers ...')\n",
    covers=("trigger-created", "rule-created"),
    look=_look,
)
