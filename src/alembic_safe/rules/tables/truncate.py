"""TRUNCATE."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        if reading.kind != "truncate table":
            continue
        named = tuple(o.name for o in reading.objects if place.old(o.name))
        with_it = tuple(
            lock.object.name
            for lock in place.old_locks(LockMode.ACCESS_EXCLUSIVE)
            if lock.object.name not in named
        )
        if named or with_it:
            also = f", and of {', '.join(map(str, with_it))} by CASCADE or as partitions" if with_it else ""
            yield Hit(
                f"all rows of {', '.join(map(str, named))} are lost{also}; every read and write waits meanwhile",
                "# in batches, with a backup made before\n"
                + code.execute(
                    f"DELETE FROM {code.ident((named or with_it)[0])} WHERE id BETWEEN ... AND ..."
                ),
                (*named, *with_it),
                mode=LockMode.ACCESS_EXCLUSIVE,
            )


RULE = Rule(
    id="truncate",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="TRUNCATE of a table that is not new.",
    why=(
        "The rows are gone, older snapshots see the table empty, row triggers do not run, and CASCADE empties every "
        "table that refers to it. ACCESS EXCLUSIVE is held to the end of the transaction."
    ),
    recipe="# alembic-safe: allow truncate because the cache is filled again at start\nop.execute('TRUNCATE cache')\n",
    covers=("truncate",),
    look=_look,
)
