"""DROP INDEX that queues before everybody."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import dropped
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading, name in dropped(place, "index"):
        known = place.before.index(name)
        table = known.table if known else None
        new = place.made("index", name) and known is None
        if "concurrently" in reading.flags or new or (table is not None and not place.old(table)):
            continue
        if table is not None and (state := place.table(table)) is not None and state.partitioned:
            continue  # CONCURRENTLY is refused there
        where = f"{table}" if table else "its table"
        yield Hit(
            f"waits for every query on {where} and lets all later reads and writes wait behind it",
            _recipe(name, table),
            (name, *((table,) if table else ())),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


def _recipe(name: Name, table: Name | None) -> str:
    of = f", table_name={table.name!r}" if table else ""
    return code.alone(
        f"op.drop_index({name.name!r}{of}{code.schema_of(name)}, postgresql_concurrently=True)\n"
    )


RULE = Rule(
    id="index-drop-blocks-everything",
    severity=Severity.ERROR,
    hazard="lock",
    summary="DROP INDEX without CONCURRENTLY.",
    why=(
        "It takes ACCESS EXCLUSIVE on the index and on its table. The work is short, the wait is not: it queues "
        "behind the longest running query, and every later SELECT queues behind it (docs: DROP INDEX)."
    ),
    recipe=code.alone(
        "op.drop_index('ix_orders_state', table_name='orders', postgresql_concurrently=True)\n"
    ),
    covers=("index-drop-blocks-everything",),
    look=_look,
)
