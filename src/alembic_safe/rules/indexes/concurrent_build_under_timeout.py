"""A concurrent build under a timeout that the revision set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

# from these on it bounds a build that hangs, and not one that waits; in seconds
_LONG = {"lock_timeout": 300.0, "statement_timeout": 3600.0}
_UNITS = {"us": 1e-6, "": 1e-3, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def _look(place: Place) -> Iterator[Hit]:
    if "concurrently" not in place.reading.flags or place.reading.kind not in (
        "create index",
        "reindex",
        "drop index",
    ):
        return
    for setting, long in _LONG.items():
        value = _in_force(place, setting)
        if value:
            yield Hit(
                f"{setting} is {value} here: any writer or old snapshot that lasts longer cancels it, which "
                "leaves an invalid index",
                code.alone(code.execute(f"SET {setting} = 0") + code.execute(place.reading.text)),
                tuple(o.name for o in place.reading.objects),
                severity=Severity.WARNING if _seconds(value) >= long else None,
            )


def _in_force(place: Place, setting: str) -> str:
    """The value that the revision's own SET left; "" for none, or none that bounds anything."""
    for earlier in reversed(place.before_in_revision()):
        for action in earlier.reading.actions:
            if earlier.reading.kind == "reset" and action.name in (setting, "all"):
                return ""
            if earlier.reading.kind == "set" and action.name == setting and _reaches(earlier, place):
                value = (action.value or "").strip("' ").lower()
                return "" if re.fullmatch(r"0\s*\w*|default", value) else value
    return ""


def _seconds(value: str) -> float:
    """A time as the server reads it: milliseconds where no unit stands; 0 for what is none."""
    found = re.fullmatch(r"([\d.]+)\s*([a-z]*)", value)
    if found is None or found.group(2) not in _UNITS:
        return 0.0
    try:
        return float(found.group(1)) * _UNITS[found.group(2)]
    except ValueError:
        return 0.0


def _reaches(earlier: Place, place: Place) -> bool:
    """SET LOCAL ends with its transaction."""
    local = "local" in earlier.reading.flags
    return not local or (
        earlier.command.transaction is not None and earlier.command.transaction == place.command.transaction
    )


RULE = Rule(
    id="concurrent-build-under-timeout",
    severity=Severity.ERROR,
    hazard="lock",
    summary="CREATE, DROP or REINDEX CONCURRENTLY under a lock_timeout or statement_timeout.",
    why=(
        "lock_timeout also counts the waits for other transactions' virtual ids, of which a concurrent build has "
        "two or three, and statement_timeout the whole build. When it strikes, the index stays and is invalid. "
        "Neither reads nor writes wait for a concurrent build, so it needs no bound; one of minutes (a lock_timeout) "
        "or hours (a statement_timeout) is a warning."
    ),
    recipe=code.alone(
        "op.execute('SET lock_timeout = 0')\n"
        "op.create_index('ix_orders_state', 'orders', ['state'], postgresql_concurrently=True)\n"
    ),
    covers=("concurrent-index-under-short-lock-timeout",),
    look=_look,
)
