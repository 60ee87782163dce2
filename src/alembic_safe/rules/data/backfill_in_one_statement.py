"""A change of possibly many rows in one statement."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.columns._filling import backfill
from alembic_safe.rules.data._bounds import batch_of, bounded
from alembic_safe.rules.looking import of_the_catalog
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        yield from _loaded(place, reading)
        target = next((o for o in reading.objects if o.role == "written" and place.old(o.name)), None)
        if target is None or of_the_catalog(place, target.name):
            continue
        if (
            reading.kind in ("update", "delete", "merge")
            and ("where" in reading.flags or reading.kind == "merge")
        ) or (reading.kind == "insert" and "insert select" in reading.flags and _old_source(place, reading)):
            few = bounded(place, reading, target.name)
        elif reading.flags & {"update", "delete"} and reading.kind not in ("update", "delete"):
            # a change inside WITH; it may be of another table than the statement's own
            few = bounded(place, reading, target.name)
        else:
            continue
        if few is not True:
            yield _hit(reading, target.name, known=few is False)
        elif place.in_transaction and _batches_before(place, reading) == 1:
            yield _hit(reading, target.name, known=True)


def _batches_before(place: Place, reading: Reading) -> int:
    """How many batches of the same change ran earlier in its transaction, which ends for all of them at once."""
    shape = batch_of(reading)
    earlier = place.whole.before_in_transaction(place, reading.kind) if shape else ()
    return sum(
        batch_of(other) == shape for one in earlier for other in one.readings if other.kind == reading.kind
    )


def _loaded(place: Place, reading: Reading) -> Iterator[Hit]:
    """COPY into a table in use, and rows that a query locks."""
    target = reading.target
    if reading.kind == "copy" and "from" in reading.flags and target is not None and place.old(target.name):
        yield Hit(
            f"loads rows into {target.name} in one transaction: who writes the same keys waits for its end",
            "# load into a table of its own, and move the rows in batches\n",
            (target.name,),
            severity=Severity.WARNING,
        )
    if reading.kind == "select" and "for update" in reading.flags:
        locked = tuple(o.name for o in reading.objects if o.role == "read" and place.old(o.name))
        if (
            locked
            and bounded(place, reading, locked[0]) is not True
            and "skip locked" not in reading.text.lower()
        ):
            yield Hit(
                f"locks possibly every row of {locked[0]} to the end of the transaction: running code that writes "
                "them waits",
                "# lock the rows of a batch\n"
                + code.execute(
                    f"SELECT 1 FROM {code.ident(locked[0])} WHERE id BETWEEN ... AND ... FOR UPDATE"
                ),
                locked,
                work=locked,
                mode=LockMode.ROW_SHARE,
            )


def _old_source(place: Place, reading: Reading) -> bool:
    return any(o.role == "read" and place.old(o.name) for o in reading.objects)


def _hit(reading: Reading, table: Name, *, known: bool) -> Hit:
    verb = {"delete": "deletes", "insert": "inserts", "merge": "changes"}.get(reading.kind, "updates")
    return Hit(
        f"{verb} possibly many rows of {table} at once: their locks, the old snapshot and the bloat last to the end "
        "of the transaction",
        "# a revision of its own, in batches that commit\n" + backfill(table, "...", "..."),
        (table,),
        work=(table,),
        mode=LockMode.ROW_EXCLUSIVE,
        severity=None if known else Severity.WARNING,
    )


RULE = Rule(
    id="backfill-in-one-statement",
    severity=Severity.ERROR,
    hazard="lock",
    summary="UPDATE, DELETE or INSERT ... SELECT that is not bound to few rows of an old table.",
    why=(
        "Each changed row is locked to the end of the transaction: running code that writes it waits. After DDL in the "
        "same transaction its ACCESS EXCLUSIVE is held for all of it. A key, a key range or a LIMIT bounds it."
    ),
    recipe=backfill(Name("orders"), "state = 0", "state IS NULL"),
    covers=("backfill-inside-schema-migration",),
    look=_look,
)
