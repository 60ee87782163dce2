"""The bound on waiting for locks is taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        zero = any(
            a.name == "lock_timeout" and re.fullmatch(r"'?0\s*\w*'?", a.value or "") for a in reading.actions
        )
        if reading.kind != "set" or not zero:
            continue
        tables = _locked_after(place)
        if tables:
            yield Hit(
                f"a later statement waits for {', '.join(tables)} without bound, and everybody behind it",
                code.execute("SET LOCAL lock_timeout = '2s'"),
                tables,
                mode=LockMode.ACCESS_EXCLUSIVE,
            )


def _locked_after(place: Place) -> tuple[str, ...]:
    """Old tables that later statements lock, up to another SET of the timeout."""
    local = "local" in place.reading.flags
    found: dict[str, None] = {}
    for later in place.after_in_revision():
        if any(a.name == "lock_timeout" for a in later.reading.actions):
            break
        if local and later.command.transaction != place.command.transaction:
            break
        found |= {str(lock.object.name): None for lock in later.old_locks(LockMode.SHARE)}
    return tuple(found)


RULE = Rule(
    id="lock-timeout-lifted",
    severity=Severity.ERROR,
    hazard="lock",
    summary="SET lock_timeout = 0 before a statement that locks a table in use.",
    why=(
        "`upgrade` bounds every wait for a lock and tries again; a SET of the revision's own overrides it. What "
        "waits for ACCESS EXCLUSIVE lets every later SELECT wait behind it. 0 is for CONCURRENTLY alone."
    ),
    recipe="op.execute(\"SET LOCAL lock_timeout = '2s'\")\n",
    covers=("timeout-leaks-to-next-migration", "no-lock-timeout"),
    look=_look,
)
