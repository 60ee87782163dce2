"""Several tables in use are locked in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules.locks import waiters
from alembic_safe.rules.place import Place, Whole
from alembic_safe.rules.rule import Hit, Rule


def _look_at_plan(whole: Whole) -> Iterator[Hit]:
    held: dict[Name, LockMode] = {}
    before: tuple[str, int | None] | None = None
    said = False
    for place in whole.places:
        here = (place.revision.revision.id, place.command.transaction)
        if here != before or place.command.transaction is None:
            held, before, said = {}, here, False
        own = {lock.object.name: lock.mode for lock in place.old_locks(LockMode.SHARE_ROW_EXCLUSIVE)}
        new = [name for name in own if name not in held]
        made = place.reading.kind == "create table" and len(own) > 1
        # what the transaction has locked by then is not waited for
        if not said and new and (held or made):
            said = True
            yield _hit(place, held or own, tuple(new))
        held |= own


def _hit(place: Place, held: dict[Name, LockMode], new: tuple[Name, ...]) -> Hit:
    names = tuple(dict.fromkeys((*held, *new)))
    return Hit(
        f"{waiters(max(held.values()))} of {', '.join(map(str, held))} waits as long as this waits for "
        f"{', '.join(map(str, new))}, and an application that locks them in the other order deadlocks (40P01)",
        "# one table in use a revision\n",
        names,
        mode=max(held.values()),
        at=place.spot,
    )


RULE = Rule(
    id="several-old-tables-locked",
    severity=Severity.WARNING,
    hazard="lock",
    summary="Locks on several tables in use are taken one after the other in one transaction.",
    why=(
        "Each is kept to the end: while the second is waited for, the first one's users wait. A foreign key takes "
        "two by itself. `upgrade` bounds the wait and repeats a revision that deadlocks."
    ),
    recipe=(
        "# revision 1\nop.add_column('orders', sa.Column('note', sa.Text))\n"
        "# revision 2\nop.add_column('users', sa.Column('note', sa.Text))\n"
    ),
    covers=(
        "several-old-tables-locked-in-one-transaction",
        "foreign-key-waits-on-two-tables",
        "create-table-with-foreign-keys",
    ),
    look_at_plan=_look_at_plan,
)
