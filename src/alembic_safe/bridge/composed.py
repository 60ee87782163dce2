"""The message of a worker on a clone: what calls of a revision that did not run would send."""

from __future__ import annotations

from alembic_safe.model.revisions import Composed
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class CallsComposed:
    """What they would send, as far as it is known; sent where the job has a `redirect`, before StepReady."""

    target: int
    step: int
    each: tuple[Composed, ...]
