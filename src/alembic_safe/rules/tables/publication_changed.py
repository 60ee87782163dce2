"""CREATE PUBLICATION of tables that then refuse UPDATE, and publications that lose tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import has_identity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_MAKES = ("create publication", "alter publication")


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        if reading.kind not in _MAKES or not reading.objects:
            continue  # one without a name was not read whole, and is said to be not understood
        yield from _without_identity(place, reading)
        new = reading.kind == "create publication" or place.made("publication", reading.objects[0].name)
        kinds = {action.kind for action in reading.actions}
        if not new and kinds & {"drop published", "set published"}:
            yield Hit(
                "subscribers no longer get the changes of the tables that leave it, and nothing says so there",
                code.CONTRACT + code.execute(reading.text),
                tuple(o.name for o in reading.objects),
            )
        elif not new and "options" in kinds:
            yield Hit(
                "subscribers get other changes from the commit on",
                objects=tuple(o.name for o in reading.objects),
                severity=Severity.WARNING,
            )


def _without_identity(place: Place, reading: Reading) -> Iterator[Hit]:
    """Tables whose UPDATE and DELETE fail once they are published."""
    if reading.kind == "alter publication" and any(a.kind == "drop published" for a in reading.actions):
        return
    if re.search(r"\bpublish\s*=\s*'\s*(insert|truncate|,|\s)*'", reading.text, re.IGNORECASE):
        return
    every = reading.flags & {"all tables", "tables in schema"}
    named = tuple(o.name for o in reading.objects if o.kind == "table")
    bare = tuple(n for n in named if place.old(n) and has_identity(place, n) is False)
    doubtful = tuple(n for n in named if place.old(n) and has_identity(place, n) is None)
    if bare or every:
        which = ", ".join(map(str, bare)) or "each table without a primary key"
        yield Hit(
            f"every UPDATE and DELETE in {which} fails at once (55000): it has no replica identity",
            _recipe((bare or (Name("..."),))[0], reading),
            bare or tuple(o.name for o in reading.objects),
        )
    elif doubtful:
        yield Hit(
            f"UPDATE and DELETE fail in {', '.join(map(str, doubtful))} if it has no primary key (that is not known)",
            _recipe(doubtful[0], reading),
            doubtful,
            severity=Severity.WARNING,
        )


def _recipe(table: Name, reading: Reading) -> str:
    return (
        code.execute(f"ALTER TABLE {code.ident(table)} REPLICA IDENTITY USING INDEX ...")
        + "# the next revision; name the tables, so that none gets in by itself\n"
        + code.execute(reading.text)
    )


RULE = Rule(
    id="publication-changed",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="A publication of all tables or of one without replica identity, or one that loses tables.",
    why=(
        "A table that publishes updates and has no replica identity (a primary key, or an index chosen for it) refuses "
        "every UPDATE and DELETE from the commit on (docs: Logical Replication, Publication; measured on 15 to 18). "
        "FOR ALL TABLES takes in each such table, those made later too. Taking a table out is a contract step: "
        "subscribers silently stay behind."
    ),
    recipe="op.execute('CREATE PUBLICATION reports FOR TABLE customers, orders')\n",
    covers=("logical-replication-not-told",),
    look=_look,
    contract=True,
)
