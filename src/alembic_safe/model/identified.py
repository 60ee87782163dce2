"""What `identify` and `stamp` return."""

from __future__ import annotations

from alembic_safe.model.identity import Identity
from alembic_safe.model.summaries import Failure, TargetSummary
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class IdentifiedTarget:
    """A target with what its schema says of its revision."""

    target: TargetSummary
    identity: Identity


@dataclass(frozen=True, slots=True)
class IdentifyResult:
    """`identify`: which revision every target's schema is that of, beside what its version rows say."""

    exit: int
    targets: tuple[IdentifiedTarget, ...]
    notices: tuple[str, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class StampedTarget:
    """A target as `stamp` left it. `proof` is what its schema was before; `forced` why it was not needed.

    `run` is its entry in the journal (None: refused, nothing was written).
    """

    target: TargetSummary
    run: str | None
    heads_before: tuple[str, ...] | None
    heads_after: tuple[str, ...] | None
    proof: Identity
    forced: str | None = None


@dataclass(frozen=True, slots=True)
class StampResult:
    """`stamp`: the version rows that were written. `durations` are seconds by phase."""

    exit: int
    revision: str
    targets: tuple[StampedTarget, ...]
    durations: dict[str, float]
    notices: tuple[str, ...] = ()
    error: Failure | None = None
