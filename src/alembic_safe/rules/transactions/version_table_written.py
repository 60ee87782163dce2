"""A revision that writes alembic's own table."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import BOTH, Hit, Rule

_TABLE = "alembic_version"


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        kept = reading.kind in ("create table", "select", "comment", "grant", "revoke", "analyze", "vacuum")
        if target is not None and target.name.name == _TABLE and not kept and not _widened(place):
            yield Hit(
                "alembic writes this table itself when the revision ends: it then fails, or records another revision",
                "# from outside, with proof:  alembic-safe stamp REVISION\n",
                (target.name,),
            )


def _widened(place: Place) -> bool:
    """Longer revision ids need a longer column, and nothing else of it changes."""
    return all(action.kind == "alter column type" for action in place.reading.actions) and bool(
        place.reading.actions
    )


RULE = Rule(
    id="version-table-written",
    severity=Severity.ERROR,
    hazard="transaction",
    summary="INSERT, UPDATE, DELETE or DDL on alembic_version.",
    why=(
        "The version row moves in the revision's transaction, by one row that alembic expects as it left it. A "
        "revision that writes the table makes that fail, or the database claims a revision that it is not at."
    ),
    recipe="# from outside, with proof:  alembic-safe stamp ae1027a6acf\n",
    look=_look,
    dialects=BOTH,
)
