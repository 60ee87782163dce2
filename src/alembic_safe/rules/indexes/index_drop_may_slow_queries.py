"""An index goes that queries may be using."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.indexes._replacing import made_later, names_of, twin
from alembic_safe.rules.looking import dropped
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, name in dropped(place, "index"):
        index = place.before.index(name)
        if index is None or not place.old(index.table) or twin(place, index) or made_later(place, index):
            continue
        if place.whole.live is not None and index.name in place.whole.live.invalid_indexes:
            continue
        if index.unique:
            yield Hit(
                f"the guarantee that {', '.join(index.columns) or name} is unique in {index.table} goes, and "
                "ON CONFLICT on it fails at once (42P10)",
                objects=names_of(index),
            )
        else:
            yield Hit(
                f"queries on {index.table} that use {name} scan from now on",
                _USE.format(name=name),
                names_of(index),
                severity=Severity.NOTE,
            )


_USE = (
    "-- on the primary and on every replica, first:\n"
    "SELECT idx_scan, last_idx_scan FROM pg_stat_user_indexes WHERE indexrelname = '{name}';  -- last_* from 16\n"
)

RULE = Rule(
    id="index-drop-may-slow-queries",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="An index is dropped that no other index stands in for.",
    why=(
        "Plans change at once. A unique index also carries a guarantee: ON CONFLICT (columns) fails without it "
        "(42P10), so that dropping one is a contract step; dropping another one is worth a look at its use."
    ),
    recipe=_USE.format(name="ix_orders_state"),
    covers=("index-drop-may-slow-queries",),
    look=_look,
    contract=True,
)
