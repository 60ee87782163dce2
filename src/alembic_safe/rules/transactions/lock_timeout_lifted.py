"""The bound on waiting for locks is taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import settings
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for name, value in settings(place):
        back = value == "" and name in ("lock_timeout", "all")
        if not (back or (name == "lock_timeout" and _too_long(value))):
            continue
        tables = _locked_after(place)
        if tables:
            bound = (
                "as long as the server's own setting lets it"
                if back
                else "without a bound that helps anybody"
            )
            yield Hit(
                f"a later statement waits for {', '.join(tables)} {bound}, and everybody behind it",
                code.execute("SET LOCAL lock_timeout = '2s'"),
                tables,
                mode=LockMode.ACCESS_EXCLUSIVE,
                severity=Severity.WARNING if back else None,
            )


def _too_long(value: str) -> bool:
    """0, which is for ever, or more than an application can wait."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?", value.strip())
    if found is None:
        return False
    seconds = float(found.group(1)) * _UNITS[found.group(2) or "ms"]
    return seconds == 0 or seconds > _MOST


_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_MOST = 30.0


def _locked_after(place: Place) -> tuple[str, ...]:
    """Old tables that later statements lock, up to another SET of the timeout."""
    local = "local" in place.reading.flags
    found: dict[str, None] = {}
    for later in place.after_in_revision():
        if any(name == "lock_timeout" for name, _ in settings(later)):
            break
        if local and later.command.transaction != place.command.transaction:
            break
        found |= {str(lock.object.name): None for lock in later.old_locks(LockMode.SHARE)}
    return tuple(found)


RULE = Rule(
    id="lock-timeout-lifted",
    severity=Severity.ERROR,
    hazard="lock",
    summary="SET lock_timeout = 0, or over 30 s, before a statement that locks a table in use.",
    why=(
        "`upgrade` bounds every wait for a lock and tries again; a SET of the revision's own overrides it. What "
        "waits for ACCESS EXCLUSIVE lets every later SELECT wait behind it. 0 is for CONCURRENTLY alone."
    ),
    recipe="op.execute(\"SET LOCAL lock_timeout = '2s'\")\n",
    covers=("timeout-leaks-to-next-migration", "no-lock-timeout"),
    look=_look,
)
