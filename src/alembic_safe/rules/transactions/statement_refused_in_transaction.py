"""Statements that the server refuses inside a transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    concurrent = "concurrently" in place.reading.flags
    if place.in_transaction and place.facts.refuses_transaction and not concurrent:
        yield Hit(
            f"fails: {place.reading.kind.upper()} is refused inside a transaction, in which alembic runs each revision",
            code.alone(code.execute(_shown(place.reading.text))),
            tuple(o.name for o in place.reading.objects),
            fails=True,
        )


def _shown(sql: str) -> str:
    """Without its literals: a subscription's connection string holds a password."""
    return re.sub(r"'(?:[^']|'')*'", "'...'", sql)


RULE = Rule(
    id="statement-refused-in-transaction",
    severity=Severity.ERROR,
    hazard="transaction",
    summary="VACUUM, CREATE DATABASE, ALTER SYSTEM, CREATE SUBSCRIPTION and their like inside a transaction.",
    why="The server answers with error 25001 (active_sql_transaction): the upgrade fails at this statement.",
    recipe=code.alone("op.execute('VACUUM (ANALYZE) orders')\n"),
    covers=("statement-refused-in-transaction",),
    look=_look,
)
