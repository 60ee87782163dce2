"""DETACH PARTITION: whoever reads the parent misses its rows."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Gone, Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if reading.kind != "alter table" or target is None or not place.old(target.name):
            continue
        for action in reading.actions:
            part = action.object.name if action.object is not None else None
            # without CONCURRENTLY it is partition-detach that stops it
            if action.kind != "detach partition" or "concurrently" not in action.flags or part is None:
                continue
            if place.old(part) and not place.facts.fails:
                yield Hit(
                    f"running code that reads {target.name} no longer finds the rows of {part}",
                    "# when nothing asks the parent for them any more\n"
                    + code.CONTRACT
                    + code.alone(code.execute(reading.text)),
                    (target.name, part),
                    goes=(Gone(part),),
                )


RULE = Rule(
    id="partition-leaves-parent",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="DETACH PARTITION CONCURRENTLY of a partition that was there before the plan.",
    why=(
        "Reads and writes go on meanwhile, but from its end on no query of the parent sees the partition's rows, and "
        "no error says so: a contract step, like dropping it. A row for it is refused (23514), or goes to DEFAULT."
    ),
    recipe=code.CONTRACT
    + code.alone("op.execute('ALTER TABLE events DETACH PARTITION events_2019 CONCURRENTLY')\n"),
    covers=("partition-detach",),
    look=_look,
    contract=True,
)
