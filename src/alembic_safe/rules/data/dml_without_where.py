"""UPDATE and DELETE of every row."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.columns._filling import backfill
from alembic_safe.rules.looking import is_batch_copy
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import BOTH, Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        changes = reading.flags & {"update", "delete"}
        if target is None or not changes or "where" in reading.flags or not place.old(target.name):
            continue
        if reading.kind not in ("update", "delete") or is_batch_copy(place, target.name):
            continue
        table = target.name
        if "delete" in changes:
            message, recipe = (
                f"all rows of {table} are lost",
                code.execute(f"DELETE FROM {code.ident(table)} WHERE ..."),
            )
        else:
            message = f"every row of {table} is written again and stays locked to the end of the transaction"
            recipe = "# a revision of its own, in batches that commit\n" + backfill(table, "...", "...")
        yield Hit(message, recipe, (table,), work=(table,), mode=LockMode.ROW_EXCLUSIVE)


RULE = Rule(
    id="dml-without-where",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="UPDATE or DELETE without WHERE on a table that is not new.",
    why=(
        "Every row is written or lost in one statement: running code waits for the rows' locks, the table doubles in "
        "size, replicas lag, and the former values are gone."
    ),
    recipe="op.execute(\"DELETE FROM sessions WHERE ended < now() - interval '90 days'\")\n",
    covers=("dml-without-where",),
    look=_look,
    dialects=BOTH,
)
