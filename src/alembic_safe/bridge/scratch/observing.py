"""Who looks on while revisions run on a clone: called at each edge, the worker waiting where it is said."""

from __future__ import annotations

from alembic_safe.bridge.messages import (
    StatementBegun,
    StatementEnded,
    StatementTraced,
    StepBegun,
    StepCommitted,
    StepFailed,
    StepReady,
    TargetFound,
)


class Observer:
    """Does nothing; override what is wanted. Every method may raise, which ends the replay.

    The worker waits until the method returns at `target_found` and `step_begun`, and with `Job.ask_all` also at
    the edges of statements and at `step_ready`, when all of a step's locks are held. It does not at `step_committed`,
    but begins no further step before the next `step_begun` is answered.
    """

    def target_found(self, message: TargetFound) -> None: ...
    def step_begun(self, message: StepBegun) -> None: ...
    def statement_begun(self, message: StatementBegun) -> None: ...
    def statement_ended(self, message: StatementEnded) -> None: ...
    def statement_traced(self, message: StatementTraced) -> None: ...
    def step_ready(self, message: StepReady) -> None: ...
    def step_committed(self, message: StepCommitted) -> None: ...
    def step_failed(self, message: StepFailed) -> None: ...

    def enough(self) -> bool:
        """Asked before each step: True ends the replay there, with what is committed by then."""
        return False
