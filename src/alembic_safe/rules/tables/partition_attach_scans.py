"""ATTACH PARTITION that reads the partition, or the default one."""

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
        if reading.kind != "alter table" or target is None:
            continue
        for action in reading.actions:
            if action.kind != "attach partition" or action.object is None:
                continue
            part = action.object.name
            found = tuple(dict.fromkeys(s.object.name for s in scans(place, "partition") if s.certain))
            if found:
                yield Hit(
                    f"reads all rows of {', '.join(map(str, found))} while every read and write of it waits",
                    _recipe(target.name, part, action.value or ""),
                    (target.name, *found),
                    work=found,
                    mode=LockMode.ACCESS_EXCLUSIVE,
                )


def _recipe(parent: Name, part: Name, bound: str) -> str:
    check, child = f"{part.name}_bound", code.ident(part)
    return (
        "# revision 1: a CHECK that says what the bound says (on DEFAULT: that none of its rows is in it)\n"
        + code.execute(
            f"ALTER TABLE {child} ADD CONSTRAINT {check} CHECK (... IS NOT NULL AND ...) NOT VALID"
        )
        + "# revision 2\n"
        + code.execute(f"ALTER TABLE {child} VALIDATE CONSTRAINT {check}")
        + "# revision 3: needs no scan any more\n"
        + code.execute(f"ALTER TABLE {code.ident(parent)} ATTACH PARTITION {child} FOR VALUES {bound}")
    )


RULE = Rule(
    id="partition-attach-scans",
    severity=Severity.ERROR,
    hazard="scan",
    summary="ATTACH PARTITION of a table with rows and no CHECK that proves the bound, or beside a DEFAULT partition.",
    why=(
        "The parent gets SHARE UPDATE EXCLUSIVE only, but the attached table and the DEFAULT partition ACCESS "
        "EXCLUSIVE, and both are read unless a valid CHECK proves that their rows fit (docs: ALTER TABLE)."
    ),
    recipe=_recipe(Name("events"), Name("events_2031"), "FROM ('2031-01-01') TO ('2032-01-01')"),
    covers=("partition-attach-scans",),
    look=_look,
)
