"""Long work while an earlier statement's lock is held."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules.data._bounds import bounded
from alembic_safe.rules.locks import waiters
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_READING = ("create table as", "select into", "create materialized view", "refresh materialized view", "copy")
_RECIPE = "# the long statement in a revision of its own; the lock's statement last, or alone\n"


def _look(place: Place) -> Iterator[Hit]:
    work = tuple(dict.fromkeys(t for reading in place.readings for t in _long(place, reading)))
    if not work or place.command.transaction is None:
        return
    held = _held(place)
    if held:
        mode = max(held.values())
        yield Hit(
            f"{waiters(mode)} of {', '.join(map(str, held))} waits for this too: the lock of an earlier statement is "
            "kept to the end of the transaction",
            _RECIPE,
            (*held, *work),
            work=work,
            mode=mode,
        )


def _held(place: Place) -> dict[Name, LockMode]:
    """Old tables that earlier statements of the transaction let nobody write, strongest first."""
    found: dict[Name, LockMode] = {}
    for earlier in place.whole.locking_before(place):
        for lock in earlier.old_locks(LockMode.SHARE):
            table = lock.object.name
            if place.before.table(table) is not None or not (table.certain and place.before.knows_all):
                found[lock.object.name] = max(lock.mode, found.get(lock.object.name, lock.mode))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _long(place: Place, reading: Reading) -> Iterator[Name]:
    """Old tables that the statement reads or changes for possibly long."""
    target = reading.target
    read = [o.name for o in reading.objects if o.role == "read" and place.old(o.name)]
    if reading.kind in _READING and "with no data" not in reading.flags:
        yield from read
    elif reading.kind == "insert" and "insert select" in reading.flags and target is not None:
        yield from () if bounded(place, reading, target.name) is True else read
    elif reading.kind in ("update", "delete", "merge") and target is not None and place.old(target.name):
        yield from () if bounded(place, reading, target.name) is True else (target.name,)
    elif reading.kind == "alter table" and target is not None and place.old(target.name):
        names = {a.name for a in reading.actions if a.kind == "validate constraint"}
        yield from (target.name,) if names and not _own(place, target.name, names) else ()


def _own(place: Place, table: Name, names: set[str | None]) -> bool:
    """Whether the only lock held is that of adding the very constraint: a rule of its own says so."""
    if set(_held(place)) != {table}:
        return False
    for earlier in place.before_in_revision():
        if earlier.command.transaction == place.command.transaction and earlier.old_locks(LockMode.SHARE):
            added = {a.name for r in earlier.readings for a in r.actions if a.kind == "add constraint"}
            if not added & names:
                return False
    return True


RULE = Rule(
    id="statements-after-exclusive-lock",
    severity=Severity.ERROR,
    hazard="lock",
    summary="A long statement after one whose lock is kept, in the same transaction.",
    why=(
        "Every lock is kept to the end of the transaction. An ALTER TABLE of a millisecond followed by a backfill of a "
        "minute stops its table for the minute."
    ),
    recipe=(
        "# revision 1\nop.add_column('orders', sa.Column('state', sa.Text))\n"
        "# revision 2\nop.execute('INSERT INTO report SELECT * FROM orders')\n"
    ),
    covers=("statements-after-exclusive-lock", "schema-and-data-in-one-migration"),
    look=_look,
)
