"""DROP TABLE."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import dropped, is_batch_copy
from alembic_safe.rules.place import Place, same
from alembic_safe.rules.rule import BOTH, Gone, Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, name in dropped(place, "table", "foreign table"):
        known = place.table(name)
        if not place.old(name) or is_batch_copy(place, name):
            continue
        if known is not None and any(
            (p := place.table(q)) is not None and p.partitioned for q in known.parents
        ):
            continue  # a partition has a rule of its own
        again = _made_again(place, name)
        others = tuple(
            lock.object.name
            for lock in place.old_locks(LockMode.ACCESS_EXCLUSIVE)
            if lock.object.name != name
        )
        also = f"; {', '.join(map(str, others))} is locked with it" if others else ""
        message = (
            f"all rows of {name} are lost: it is dropped and made again"
            if again
            else f"its rows are gone, and running code that maps {name} fails (42P01){also}"
        )
        yield Hit(
            message,
            "# this release: remove the table from the models\n# the next release:\n"
            + code.CONTRACT
            + f"op.drop_table({name.name!r}{code.schema_of(name)})\n",
            (name, *others),
            mode=LockMode.ACCESS_EXCLUSIVE,
            goes=(Gone(name),),
            fails=again,
        )


def _made_again(place: Place, name: Name) -> bool:
    """Whether the same revision makes a table of this name after dropping it."""
    return any(
        o.role == "created" and o.kind == "table" and same(o.name, name)
        for later in (place, *place.after_in_revision())
        for reading in later.readings
        for o in reading.objects
    )


RULE = Rule(
    id="table-dropped",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="DROP TABLE of a table that is not proven to be out of use.",
    why=(
        "The rows are gone and only a backup brings them back; every query of running code on it fails. ACCESS "
        "EXCLUSIVE is taken on every table that it has foreign keys to. It is a contract step: after a release whose "
        "models no longer map it. Dropped and made again in one revision, it is never one."
    ),
    recipe=code.CONTRACT + "op.drop_table('coupons')\n",
    covers=("table-dropped", "create-table-force", "drop-table-with-foreign-keys"),
    look=_look,
    contract=True,
    dialects=BOTH,
)
