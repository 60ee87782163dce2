"""Triggers that are made, dropped or switched off."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions, concerns, on_table
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_OFF = ("disable trigger", "enable replica trigger", "disable rule")


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, *_OFF):
        keys = " and no foreign key is enforced" if (action.name or "").lower() == "all" else ""
        yield Hit(
            f"writes to {table} by anybody no longer run {action.name or 'it'}{keys}, until it is enabled again",
            "# keep it on; skip rows inside the trigger's function by a setting of this session alone\n",
            (table,),
            mode=LockMode.SHARE_ROW_EXCLUSIVE,
        )
    for reading in place.readings:
        found = on_table(reading)
        if reading.kind != "drop trigger" or reading.target is None or found is None or not place.old(found):
            continue
        name = reading.target.name
        if place.absent(reading, name):
            continue
        if not place.made("trigger", found, name) and not _made_again(place, found, name):
            yield Hit(
                f"writes to {found} no longer run it: what it kept true is no longer kept",
                code.CONTRACT + code.execute(reading.text),
                (found, name),
                mode=LockMode.ACCESS_EXCLUSIVE,
            )


def _made_again(place: Place, table: Name, name: Name) -> bool:
    return any(
        reading.kind == "create trigger" and concerns(reading, name, table)
        for later in place.after_in_revision()
        if place.in_transaction and later.command.transaction == place.command.transaction
        for reading in later.readings
    )


RULE = Rule(
    id="trigger-changed",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="DROP TRIGGER or DISABLE TRIGGER on a table in use.",
    why=(
        "From the commit on, for all sessions, rows are written without what the trigger did. DISABLE TRIGGER "
        "ALL also switches off foreign keys. Dropping one is a contract step."
    ),
    recipe=code.CONTRACT + "op.execute('DROP TRIGGER sync_names ON customers')\n",
    covers=("trigger-dropped-or-disabled",),
    look=_look,
    contract=True,
)
