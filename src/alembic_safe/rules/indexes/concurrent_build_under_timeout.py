"""A concurrent build under a timeout that the revision set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_TIMEOUTS = ("lock_timeout", "statement_timeout")


def _look(place: Place) -> Iterator[Hit]:
    if "concurrently" not in place.reading.flags or place.reading.kind not in (
        "create index",
        "reindex",
        "drop index",
    ):
        return
    for setting in _TIMEOUTS:
        value = _in_force(place, setting)
        if value:
            yield Hit(
                f"{setting} is {value} here: any writer or old snapshot that lasts longer cancels it, which "
                "leaves an invalid index",
                code.alone(code.execute(f"SET {setting} = 0") + code.execute(place.reading.text)),
                tuple(o.name for o in place.reading.objects),
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
        "Neither reads nor writes wait for a concurrent build, so it needs no bound."
    ),
    recipe=code.alone(
        "op.execute('SET lock_timeout = 0')\n"
        "op.create_index('ix_orders_state', 'orders', ['state'], postgresql_concurrently=True)\n"
    ),
    covers=("concurrent-index-under-short-lock-timeout",),
    look=_look,
)
