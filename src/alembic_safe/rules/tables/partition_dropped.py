"""DROP TABLE of a partition."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import dropped
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, name in dropped(place, "table"):
        known = place.table(name)
        if known is None or not place.old(name):
            continue
        parents = [
            p for p in known.parents if (t := place.table(p)) is not None and t.partitioned and place.old(p)
        ]
        for parent in parents:
            yield Hit(
                f"its rows are lost, and every read and write of {parent} waits behind the lock it takes there",
                _recipe(parent, name),
                (name, parent),
                mode=LockMode.ACCESS_EXCLUSIVE,
            )


def _recipe(parent: Name, part: Name) -> str:
    return (
        "# revision 1\n"
        + code.alone(
            code.execute(f"ALTER TABLE {code.ident(parent)} DETACH PARTITION {code.ident(part)} CONCURRENTLY")
        )
        + "# revision 2\n"
        + code.CONTRACT
        + f"op.drop_table({part.name!r}{code.schema_of(part)})\n"
    )


RULE = Rule(
    id="partition-dropped",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="DROP TABLE of a partition that is still attached.",
    why="ACCESS EXCLUSIVE is taken on the parent too, and on its DEFAULT partition: the whole table stands still.",
    recipe=_recipe(Name("events"), Name("events_2019")),
    covers=("partition-dropped",),
    look=_look,
)
