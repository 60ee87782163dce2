"""What a worker says before a revision commits on its way, without its version row."""

from __future__ import annotations

from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class CommitAwaited:
    """A revision is about to commit alembic's transaction on its way (an autocommit block, a commit of its own).

    The worker waits. `transaction` is that transaction's xid8; all statements of it have been told of before.
    """

    target: int
    step: int
    transaction: str
