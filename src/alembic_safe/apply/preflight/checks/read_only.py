"""read-only: a standby, or a server on which the role may write nothing."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene


def _look(scene: Scene) -> Iterator[Found]:
    facts = scene.database.facts
    if facts.in_recovery:
        yield Found(f"{facts.address} is a standby, which cannot be changed", "Point env.py at the primary.")
    elif facts.read_only:
        yield Found(
            f"{facts.address} is read-only for {facts.user}: default_transaction_read_only is on",
            "Point env.py at the primary, or turn the setting off: `ALTER ROLE` or `ALTER DATABASE` set it.",
        )


CHECK = Check("read-only", "refuse", "a standby, or a server that cannot be written here", _look, always=True)
