"""A session of somebody, as a row of the queries that describe sessions tells it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from alembic_safe.model.guarding import Other

_OURS = "alembic-safe/"


def other(row: tuple[Any, ...], ours: Collection[int] = ()) -> Other:
    """`row` is pid, user, application, state, query, age in seconds; `ours` are the pids of the run's sessions."""
    pid, user, application, state, text, age = row
    mine = pid in ours or application.startswith(_OURS)
    return Other(pid, user, application, state, " ".join(text.split()), age, mine)
