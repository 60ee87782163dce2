"""What is to be done on one target, and what became of it: filled in while the attempts are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from alembic_safe.apply.retrying import Ended, Tries
from alembic_safe.errors import AlembicSafeError
from alembic_safe.journal import Journal
from alembic_safe.model.protocols import Database
from alembic_safe.model.results import AppliedStep
from alembic_safe.model.revisions import Direction
from alembic_safe.model.runs import StepOutcome
from alembic_safe.model.targets import Target
from alembic_safe.quick import dataclass


@dataclass(slots=True)
class TargetTask:
    """What is to be done on one target, and then what was done.

    `outcome` is of the step that did not end well, None when every step that began is committed. `error` says
    why the target did not come to its end; `gave_up` is set where the same command may pass later, and says what
    it was given up for. `tries` are the failed attempts at the revision that was tried last. `left_invalid` names,
    by the oid of an index, the revision that left it INVALID and ended well. `way_on` is a sentence where going on
    is known to suffice; "" where it is not. `counter` is what the database's `change_counter` was when the first
    revision began, `mark` its `change_mark` when one failed before which nobody else had committed: of SQLite alone.
    `journal_fault`: why the end of its steps could not be journalled, "" where it was.
    """

    target: Target
    run: str
    pending: tuple[str, ...]
    expected_heads: tuple[str, ...]
    direction: Direction
    database: Database
    journal: Journal
    durations: Mapping[str, float]
    applied: list[AppliedStep] = field(default_factory=list)
    heads: tuple[str, ...] = ()
    outcome: StepOutcome | None = None
    error: str | None = None
    detail: str = ""
    finished: bool = False
    gave_up: str | None = None
    tries: Tries | None = None
    left_invalid: dict[int, str] = field(default_factory=dict)
    way_on: str = ""
    counter: int | None = None
    mark: str | None = None
    journal_fault: str = ""

    @property
    def left(self) -> tuple[str, ...]:
        """What is still pending after the attempts so far."""
        done = {step.revision for step in self.applied if step.outcome == "committed"}
        return tuple(revision for revision in self.pending if revision not in done)


@dataclass(frozen=True, slots=True)
class Attempted:
    """What an attempt came to: what stopped it, and the revision that did not commit, where there was one."""

    stopped: AlembicSafeError | None
    task: TargetTask | None = None
    ended: Ended | None = None
