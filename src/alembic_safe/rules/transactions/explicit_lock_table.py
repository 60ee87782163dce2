"""LOCK TABLE that waits."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.locks import waiters
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        if reading.kind != "lock table" or "nowait" in reading.flags:
            continue
        mode = next((LockMode[a.value.upper().replace(" ", "_")] for a in reading.actions if a.value), None)
        tables = tuple(o.name for o in reading.objects if place.old(o.name))
        if mode is not None and mode >= LockMode.SHARE and tables:
            yield Hit(
                f"{waiters(mode)} of {', '.join(map(str, tables))} waits until the transaction ends",
                code.execute(f"LOCK TABLE {', '.join(map(code.ident, tables))} IN {mode.title} MODE NOWAIT"),
                tables,
                mode=mode,
            )


RULE = Rule(
    id="explicit-lock-table",
    severity=Severity.ERROR,
    hazard="lock",
    summary="LOCK TABLE in a mode that stops writes, without NOWAIT.",
    why=(
        "Without a mode it is ACCESS EXCLUSIVE. It queues behind what runs and everybody queues behind it, to the end "
        "of the transaction. NOWAIT fails at once instead, and `upgrade` tries the revision again."
    ),
    recipe="op.execute('LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE NOWAIT')\n",
    covers=("explicit-lock-table",),
    look=_look,
)
