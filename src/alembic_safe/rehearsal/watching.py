"""Looks on while revisions run on clones, and keeps what each statement was seen to do. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import field

from alembic_safe.bridge.messages import (
    StatementBegun,
    StatementEnded,
    StatementTraced,
    StepBegun,
    StepCommitted,
    StepFailed,
    TargetFound,
)
from alembic_safe.bridge.scratch import Observer
from alembic_safe.model.revisions import Direction, Revision
from alembic_safe.model.traces import Trace
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.sampling import Sampler


@dataclass(frozen=True, slots=True)
class Known:
    """A relation by the name that it had when it was last seen, and its file."""

    name: str
    kind: str
    node: int


@dataclass(slots=True)
class SeenStep:
    """One revision on one target: its traces by ordinal, and what was sampled from outside of autocommit.

    `before` are the relations as the step began, by oid. `seconds` is None where it did not commit.
    """

    job: int
    target: int
    revision: Revision
    direction: Direction
    before: dict[int, Known]
    traces: dict[int, Trace] = field(default_factory=dict)
    sampled: dict[int, dict[int, tuple[str, ...]]] = field(default_factory=dict)
    seconds: float | None = None
    probing: float = 0.0


@dataclass(slots=True)
class Watch(Observer):
    """An observer for several jobs after one another, each with its targets.

    `between` is called where nothing is running and the worker waits: as a job begins (its number, None), and after
    each committed revision before anything more is run (its job's number, its id).
    `sampler` looks from outside at what a statement in autocommit locks; None where nothing can be looked at so.
    """

    directions: tuple[Direction, ...]
    between: Callable[[int, str | None], None] = lambda job, revision: None
    sampler: Sampler | None = None
    steps: list[SeenStep] = field(default_factory=list)
    job: int = -1
    _known: dict[int, dict[int, Known]] = field(default_factory=dict)
    _began: float = 0.0
    _after: str | None = None

    def target_found(self, message: TargetFound) -> None:
        self._settle()
        if message.target.ordinal == 0:
            self.job += 1
            self.between(self.job, None)
        # a worker begins by telling all that is there
        self._known[message.target.ordinal] = {}

    def step_begun(self, message: StepBegun) -> None:
        self._settle()
        known = self._known.setdefault(message.target, {})
        self.steps.append(
            SeenStep(self.job, message.target, message.revision, self.directions[self.job], dict(known))
        )
        self._began = time.monotonic()

    def statement_begun(self, message: StatementBegun) -> None:
        if message.statement.autocommit and self.sampler is not None:
            self.sampler.begin()

    def statement_ended(self, message: StatementEnded) -> None:
        if message.statement.autocommit and self.sampler is not None and self.steps:
            self.steps[-1].sampled[message.statement.ordinal] = self.sampler.end()

    def statement_traced(self, message: StatementTraced) -> None:
        if not self.steps:
            return
        step, known = self.steps[-1], self._known.setdefault(message.target, {})
        for one in message.trace.relations:
            if one.name:
                known[one.oid] = Known(one.name, one.kind, one.node)
            else:
                known.pop(one.oid, None)
        if message.trace.ordinal == 0:
            step.before = dict(known)
        step.traces[message.trace.ordinal] = message.trace
        step.probing += message.trace.probing

    def step_committed(self, message: StepCommitted) -> None:
        if self.steps:
            self.steps[-1].seconds = time.monotonic() - self._began
            self._after = self.steps[-1].revision.id

    def step_failed(self, message: StepFailed) -> None:
        if self.sampler is not None:
            self.sampler.end()

    def _settle(self) -> None:
        """What waits for the end of the revision before."""
        if self._after is not None:
            after, self._after = self._after, None
            self.between(self.job, after)

    def finish(self) -> None:
        """After the last job: the end of its last revision, and of all."""
        self._settle()
        self.between(self.job + 1, None)
