"""Watches one step on a clone, so that what its rowless run left out can be composed at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any

from alembic_safe.bridge.row_reads import reads_rows
from alembic_safe.bridge.worker.locate import Locator
from alembic_safe.bridge.worker.unreached.composing import Ran, composed
from alembic_safe.bridge.worker.unreached.snapshots import Snapshots
from alembic_safe.model.revisions import Composed, Direction, Statement
from alembic_safe.quick import dataclass


@dataclass(slots=True)
class Watched:
    """What one step issued, and the names of its functions meanwhile."""

    snapshots: Snapshots
    direction: Direction
    seen: set[int] = field(default_factory=set)
    reads: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, locator: Locator, direction: Direction) -> Watched:
        return cls(Snapshots(locator), direction)

    def statement(self, one: Statement) -> None:
        """A statement is about to go."""
        self.snapshots.take(one.ordinal)
        if one.source is not None:
            self.seen.add(one.source.line)
            if reads_rows(one.sql):
                self.reads.add(one.source.line)

    def end(self, dialect: Any, spelled: Callable[[str], str]) -> tuple[Composed, ...]:
        """What calls that did not run would send. Nothing is kept of the step after that."""
        snapshots, self.snapshots = self.snapshots, Snapshots(self.snapshots.locator)
        if not self.reads:
            return ()
        try:
            text = Path(snapshots.locator.path).read_text(encoding="utf-8")
            ran = Ran(snapshots, frozenset(self.seen), frozenset(self.reads))
            return composed(text, self.direction, ran, dialect, spelled)
        except Exception:
            # any source may stand there: what cannot be composed stays unread, and is no fault of the revision's
            return ()
