"""CREATE TRIGGER and CREATE RULE."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import actions, column_is_new, concerns, on_table
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "enable rule", "enable always rule", "enable always trigger"):
        yield Hit(
            f"writes to {table} run {action.name or 'it'} from the commit on",
            objects=(table,),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )
    for reading in place.readings:
        found = on_table(reading)
        if found is None or reading.target is None or not place.old(found):
            continue
        table, name = found, reading.target.name
        if reading.kind == "create trigger" and not _replaces(place, name, table):
            told = _told(place, reading, table)
            yield Hit(
                f"every write to {table} runs it from the commit on, {told or 'with its time and its errors'}; and "
                "writes wait for the rest of this transaction",
                "# alone in its revision; let its function do no more than fill what this plan added\n",
                (table, name),
                mode=LockMode.SHARE_ROW_EXCLUSIVE,
                severity=Severity.ERROR if told else None,
            )
        elif reading.kind == "create rule":
            yield Hit(
                f"every query on {table} is rewritten from the commit on, prepared ones too",
                "# a trigger, or a view\n",
                (table, name),
                mode=LockMode.ACCESS_EXCLUSIVE,
                severity=Severity.ERROR,
            )


def _told(place: Place, reading: Reading, table: Name) -> str:
    """What running code notices of the trigger's function; "" where it fills new columns and tables alone."""
    for action in reading.actions:
        if action.kind != "runs":
            continue
        written = action.object.name if action.object is not None else None
        if action.name == "unknown":
            return f"and what {action.value} does is not known"
        if action.name in ("raises", "returns null"):
            return "and it may refuse or skip a write that was fine before"
        if action.name == "assigns" and not column_is_new(place, table, action.value):
            return f"and it changes {action.value}, which running code writes"
        if written is not None and place.old(written):
            return f"and it writes {written} each time"
    return ""


def _replaces(place: Place, name: Name, table: Name) -> bool:
    """Whether the same transaction dropped the table's trigger of this name: then nothing is new."""
    return place.in_transaction and any(
        reading.kind == "drop trigger" and concerns(reading, name, table)
        for earlier in place.whole.before_in_transaction(place, "drop trigger")
        for reading in earlier.readings
    )


RULE = Rule(
    id="trigger-created",
    severity=Severity.WARNING,
    hazard="lock",
    summary="CREATE TRIGGER on a table in use (an error if its function does more than fill what is new), CREATE RULE.",
    why=(
        "CREATE TRIGGER takes SHARE ROW EXCLUSIVE to the end of the transaction: writes wait. CREATE RULE takes ACCESS "
        "EXCLUSIVE and changes what running code's statements mean."
    ),
    recipe="# revision of its own\nop.execute('CREATE TRIGGER sync_names BEFORE INSERT OR UPDATE ON customers ...')\n",
    covers=("trigger-created", "rule-created"),
    look=_look,
)
