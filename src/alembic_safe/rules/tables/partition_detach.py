"""DETACH PARTITION without CONCURRENTLY."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if reading.kind != "alter table" or target is None or not place.old(target.name):
            continue
        known = place.table(target.name)
        default = known.default_partition if known is not None else None
        for action in reading.actions:
            if action.kind == "detach partition" and "concurrently" not in action.flags:
                yield Hit(
                    f"waits for every query on {target.name} and lets all later reads and writes wait behind it",
                    _recipe(target.name, action.object.name if action.object else Name("..."), default),
                    (target.name, *((action.object.name,) if action.object else ())),
                    mode=LockMode.ACCESS_EXCLUSIVE,
                )


def _recipe(parent: Name, part: Name, default: Name | None) -> str:
    detach = code.CONTRACT + code.alone(
        code.execute(f"ALTER TABLE {code.ident(parent)} DETACH PARTITION {code.ident(part)} CONCURRENTLY")
    )
    if default is None:
        return detach
    return f"# refused beside the DEFAULT partition {default}: in an agreed hour, or detach that one first\n{detach}"


RULE = Rule(
    id="partition-detach",
    severity=Severity.ERROR,
    hazard="lock",
    summary="DETACH PARTITION without CONCURRENTLY.",
    why=(
        "ACCESS EXCLUSIVE on the parent, the partition and a DEFAULT one. CONCURRENTLY takes SHARE UPDATE EXCLUSIVE on "
        "the parent, outside a transaction; after a crash FINALIZE ends it. It is refused beside a DEFAULT partition."
    ),
    recipe=code.CONTRACT
    + code.alone("op.execute('ALTER TABLE events DETACH PARTITION events_2019 CONCURRENTLY')\n"),
    covers=("partition-detach",),
    look=_look,
)
