"""REFRESH MATERIALIZED VIEW that readers wait for."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if (
            reading.kind != "refresh materialized view"
            or "concurrently" in reading.flags
            or target is None
            or not place.old(target.name)
        ):
            continue
        if "with no data" in reading.flags:
            yield Hit(
                f"every read of {target.name} fails from the commit on: it has not been populated (55000)",
                code.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {code.ident(target.name)}"),
                (target.name,),
                mode=LockMode.ACCESS_EXCLUSIVE,
            )
            continue
        yield Hit(
            f"reads of {target.name} wait while its whole query runs",
            "# needs a unique index over all rows of the view\n"
            + code.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {code.ident(target.name)}"),
            (target.name,),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


RULE = Rule(
    id="materialized-view-refresh",
    severity=Severity.ERROR,
    hazard="lock",
    summary="REFRESH MATERIALIZED VIEW without CONCURRENTLY, or WITH NO DATA.",
    why=(
        "ACCESS EXCLUSIVE is held on the view for the whole query. CONCURRENTLY takes EXCLUSIVE, which lets reads "
        "pass, needs a unique index, and may run in a transaction."
    ),
    recipe="op.execute('REFRESH MATERIALIZED VIEW CONCURRENTLY sales_by_day')\n",
    covers=("materialized-view-refresh",),
    look=_look,
)
