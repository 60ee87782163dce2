"""CREATE TABLE ... PARTITION OF."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import scans
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        parent = next((a.object.name for a in reading.actions if a.kind == "partition of" and a.object), None)
        if reading.kind != "create table" or target is None or parent is None or not place.old(parent):
            continue
        found = tuple(dict.fromkeys(s.object.name for s in scans(place, "partition")))
        read = f", while all rows of {', '.join(map(str, found))} are read" if found else ""
        bound = next((a.value for a in reading.actions if a.kind == "partition bound" and a.value), "...")
        yield Hit(
            f"every read and write of {parent} waits{read}",
            _recipe(parent, target.name, bound),
            (parent, target.name, *found),
            work=found,
            mode=LockMode.ACCESS_EXCLUSIVE,
            severity=Severity.ERROR if found else None,
        )


def _recipe(parent: Name, part: Name, bound: str) -> str:
    child = code.ident(part)
    values = "DEFAULT" if bound == "default" else f"FOR VALUES {bound}"
    return code.execute(
        f"CREATE TABLE {child} (LIKE {code.ident(parent)} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
    ) + code.execute(f"ALTER TABLE {code.ident(parent)} ATTACH PARTITION {child} {values}")


RULE = Rule(
    id="partition-created-in-place",
    severity=Severity.WARNING,
    hazard="lock",
    summary="CREATE TABLE ... PARTITION OF a table in use.",
    why=(
        "ACCESS EXCLUSIVE on the parent, for an instant, and on its DEFAULT partition, which is read whole: then it "
        "is an error. A table made apart and attached takes SHARE UPDATE EXCLUSIVE on the parent."
    ),
    recipe=_recipe(Name("events"), Name("events_2031"), "FROM ('2031-01-01') TO ('2032-01-01')"),
    covers=("partition-created-in-place",),
    look=_look,
)
