"""CREATE INDEX that lets every write wait."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place, same
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        if reading.kind != "create index" or "concurrently" in reading.flags:
            continue
        table = next((o.name for o in reading.objects if o.role == "on"), None)
        if table is None or not place.old(table):
            continue
        if _is_there(place, reading, table):
            continue
        known = place.table(table)
        if known is not None and known.partitioned:
            continue  # a rule of its own: CONCURRENTLY is refused there
        yield Hit(
            f"builds the index while every write to {table} waits",
            _recipe(reading, table),
            (table,),
            work=(table,),
            mode=LockMode.SHARE,
        )


def _is_there(place: Place, reading: Reading, table: Name) -> bool:
    """Whether IF NOT EXISTS makes nothing of it, since this table has an index of that name."""
    found = place.before.index(reading.target.name) if reading.target is not None else None
    return "if not exists" in reading.flags and found is not None and same(found.table, table)


def _recipe(reading: Reading, table: Name) -> str:
    target = reading.target
    name = target.name.name if target else None
    keys = [a for a in reading.actions if a.kind == "index key"]
    columns = ", ".join(
        repr(a.name) if a.name else f"sa.text({(a.expression.text if a.expression else '')!r})" for a in keys
    )
    where = next(
        (a.expression.text for a in reading.actions if a.kind == "index predicate" and a.expression), ""
    )
    method = next((a.name for a in reading.actions if a.kind == "index method"), None)
    options = ", unique=True" if "unique" in reading.flags else ""
    options += f", postgresql_where=sa.text({where!r})" if where else ""
    options += f", postgresql_using={method!r}" if method and method != "btree" else ""
    return code.alone(
        f"op.create_index({name!r}, {table.name!r}, [{columns}]{options}{code.schema_of(table)}, "
        "postgresql_concurrently=True)\n"
    )


RULE = Rule(
    id="index-build-blocks-writes",
    severity=Severity.ERROR,
    hazard="lock",
    summary="CREATE INDEX without CONCURRENTLY on a table that is in use.",
    why=(
        "It takes SHARE on the table for the whole scan and sort: reads go on, every INSERT, UPDATE and DELETE "
        "waits (docs: CREATE INDEX). CONCURRENTLY takes SHARE UPDATE EXCLUSIVE, which stops neither, and needs "
        "to be outside a transaction."
    ),
    recipe=code.alone(
        "op.create_index('ix_orders_customer_id', 'orders', ['customer_id'], postgresql_concurrently=True)\n"
    ),
    covers=("index-build-blocks-writes",),
    look=_look,
)
