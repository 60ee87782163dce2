"""DROP ... CASCADE."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule

# rules of their own say it, until the step is declared
_TOLD = {"drop table", "drop view", "drop materialized view", "drop schema", "drop owned"}


def _look(place: Place) -> Iterator[Hit]:
    declared = place.revision.marks.phase == "contract"
    for reading in place.readings:
        in_action = any("cascade" in a.flags and a.kind.startswith("drop ") for a in reading.actions)
        dropping = reading.kind.startswith("drop ") and "cascade" in reading.flags
        altering = reading.kind == "alter table" and ("cascade" in reading.flags or in_action)
        if not (dropping or altering) or (not declared and (reading.kind in _TOLD or altering)):
            continue
        named = [o.name for o in reading.objects if o.role == "dropped" or (altering and o.role == "altered")]
        if named and all(_harmless(place, reading, name) for name in named):
            continue
        known = tuple(dict.fromkeys(str(t) for name in named for t in _dependents(place, name)))
        what = f": {', '.join(known)}" if known else ", whatever that is"
        yield Hit(
            f"also drops what depends on {', '.join(map(str, named)) or 'it'}{what}, and locks its tables",
            "# drop each dependent by name first, then this one without CASCADE, so that the server refuses what "
            "was forgotten\n",
            tuple(named),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


def _harmless(place: Place, reading: Reading, name: Name) -> bool:
    """Whether it is new, or everything is known and nothing depends on it."""
    kind = reading.kind.removeprefix("drop ")
    if kind in ("table", "view", "materialized view", "alter table"):
        if not place.old(name):
            return True
        return kind == "table" and place.before.knows_all and not _dependents(place, name)
    return place.made(kind, name)


def _dependents(place: Place, name: Name) -> tuple[Name, ...]:
    """Tables with a foreign key to it, and what the catalog says."""
    found = [t.name for t, _ in place.before.referencing(name) if plain(t.name) != plain(name)]
    live = place.whole.live.table(name) if place.whole.live is not None else None
    return (*found, *(Name(d) for d in (live.dependents if live is not None else ())))


RULE = Rule(
    id="drop-cascade",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="DROP ... CASCADE: what else goes is not written anywhere.",
    why=(
        "Views, foreign keys, columns of a type, triggers of a function go with it, each with ACCESS EXCLUSIVE on its "
        "table; a NOTICE lists them when it is done. Without CASCADE the server refuses and names them."
    ),
    recipe="op.execute('DROP VIEW open_orders')\nop.drop_table('orders')\n",
    covers=("drop-cascade",),
    look=_look,
)
