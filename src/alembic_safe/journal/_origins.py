"""Whose the runs of a journal file are that is older than such knowledge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from alembic_safe.journal._rows import origin_values
from alembic_safe.journal._store import Store


def claim(store: Store) -> None:
    """Enter this database as the origin of runs without one, where they can be of one alone; in a transaction.

    Such a file was to be used for one database. Where runs of several are mixed, they stay everybody's, as they were.
    """
    if store.origin is not None and of_one_database(store.rows("ends")):
        store.run("claim", **origin_values(store.origin))


def of_one_database(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether each run (target, rows before, rows after, as JSON; oldest first) began where that before it ended."""
    left: dict[str, list[str]] = {}
    for target, before, after in rows:
        began = sorted(json.loads(before) or ()) if before else []
        if target in left and left[target] != began:
            return False
        if after is None:
            left.pop(target, None)
        else:
            left[target] = sorted(json.loads(after))
    return True
