"""timestamp to timestamptz and back."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.columns.column_type_rewrite import _is_session
from alembic_safe.rules.looking import actions, rewrites
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "alter column type"):
        if not _is_session(place, table, action) or not rewrites(place) or _utc(place):
            continue
        yield Hit(
            f"writes every row of {table} again, and moves the values by the session's offset, unless TimeZone is UTC",
            code.execute("SET LOCAL TimeZone = 'UTC'  -- only if the stored values are meant in UTC")
            + code.execute(place.reading.text),
            (table, f"{table}.{action.name}"),
            work=(table,),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


def _utc(place: Place) -> bool:
    """Whether this transaction, or the session, has set TimeZone to UTC; else what the server has by default."""
    for earlier in reversed(place.before_in_revision()):
        for action in earlier.reading.actions:
            if earlier.reading.kind == "set" and (action.name or "").lower() == "timezone":
                return (action.value or "").strip("' ").lower() in ("utc", "gmt", "etc/utc")
    return place.whole.live is not None and place.whole.live.timezone.lower() in ("utc", "gmt", "etc/utc")


RULE = Rule(
    id="timestamp-change-depends-on-session",
    severity=Severity.ERROR,
    hazard="rewrite",
    summary="timestamp to timestamptz (or back) in a session whose TimeZone is not known to be UTC.",
    why=(
        "With TimeZone UTC nothing is rewritten and no value changes; with another, every value is converted and the "
        "whole table written again under ACCESS EXCLUSIVE. Measured on 15 to 18."
    ),
    recipe=(
        "op.execute(\"SET LOCAL TimeZone = 'UTC'\")\n"
        "op.execute('ALTER TABLE orders ALTER COLUMN at TYPE timestamptz')\n"
    ),
    covers=("timestamp-tz-change-depends-on-session",),
    look=_look,
)
