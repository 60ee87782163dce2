"""DROP SCHEMA, DATABASE or OWNED."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import dropped
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading, name in dropped(place, "schema", "database"):
        kind = reading.kind.removeprefix("drop ")
        # without CASCADE the server itself refuses a schema that is not empty
        if kind == "schema" and (place.made("schema", name) or "cascade" not in reading.flags):
            continue
        yield Hit(f"everything in the {kind} {name} is lost", objects=(name,))
    for reading in place.readings:
        if reading.kind == "drop owned":
            yield Hit("everything that the role owns here is dropped, and what was granted to it revoked")


RULE = Rule(
    id="schema-or-database-dropped",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="DROP SCHEMA ... CASCADE, DROP DATABASE or DROP OWNED.",
    why="All tables inside go with it, whoever uses them. Not a thing for a revision.",
    recipe="# drop its tables by name, each in a contract step; then the empty schema without CASCADE\n",
    covers=("schema-or-database-dropped",),
    look=_look,
)
