"""CONCURRENTLY where the server refuses it."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    if place.in_transaction and place.facts.refuses_transaction and "concurrently" in place.reading.flags:
        yield Hit(
            "fails: CONCURRENTLY is refused inside a transaction, and alembic runs each revision in one",
            code.alone(code.execute(place.reading.text)),
            tuple(o.name for o in place.reading.objects),
            fails=True,
        )


RULE = Rule(
    id="concurrent-statement-inside-transaction",
    severity=Severity.ERROR,
    hazard="transaction",
    summary="CREATE, DROP or REINDEX ... CONCURRENTLY, or DETACH ... CONCURRENTLY, inside a transaction.",
    why="The server answers with error 25001 (active_sql_transaction): the upgrade fails at this statement.",
    recipe=code.alone(
        "op.create_index('ix_orders_customer_id', 'orders', ['customer_id'], postgresql_concurrently=True)\n"
    ),
    covers=("concurrent-statement-inside-transaction",),
    look=_look,
)
