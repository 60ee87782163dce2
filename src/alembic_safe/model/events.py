"""What rooms report while they work, and the sink that takes it. The default sink does nothing."""

from __future__ import annotations

from typing import Protocol

from alembic_safe.model.revisions import Direction, Statement
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class PhaseBegan:
    """A phase began: "probe", "lock", "plan", "backup", "apply", "read back". `what` is for people."""

    phase: str
    what: str


@dataclass(frozen=True, slots=True)
class PhaseEnded:
    """The phase ended well after `duration` seconds; `what` says with which result."""

    phase: str
    what: str
    duration: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Still waiting for `what` after `seconds`; `holder` says who is in the way, where that is known."""

    what: str
    holder: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BackupProgress:
    """Bytes written so far, and seconds since the backup began; `expected` bytes, as far as an earlier one tells."""

    phase: str
    size: int
    seconds: float
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class StepBegan:
    """A revision begins. `expected` is the last known duration in seconds, from history."""

    target: str
    revision: str
    message: str
    direction: Direction
    ordinal: int
    total: int
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class StatementBegan:
    """A statement was handed to the server."""

    target: str
    revision: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class StatementEnded:
    """A statement ended, well or not (`statement.error`)."""

    target: str
    revision: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class StatementProgress:
    """How far the server is with a long command ("CREATE INDEX CONCURRENTLY"); `total` 0: not known."""

    target: str
    command: str
    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A revision ended; `outcome` is a StepOutcome."""

    target: str
    revision: str
    outcome: str
    duration: float


@dataclass(frozen=True, slots=True)
class WorkerOutput:
    """A line that the project's own code wrote to its stdout or stderr."""

    stream: str
    line: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know that stops nothing."""

    message: str
    hint: str = ""


Event = (
    PhaseBegan
    | PhaseEnded
    | Waiting
    | BackupProgress
    | StepBegan
    | StatementBegan
    | StatementEnded
    | StatementProgress
    | StepEnded
    | WorkerOutput
    | Notice
)


class EventSink(Protocol):
    """Takes events; must return quickly and never raise."""

    def __call__(self, event: Event, /) -> None: ...


def ignore(event: Event) -> None:
    """The sink that does nothing."""


def each_notice_once(sink: EventSink) -> EventSink:
    """A sink that passes on what `sink` takes, and the same notice one time: every worker finds it anew."""
    said = set[Notice]()

    def once(event: Event) -> None:
        if isinstance(event, Notice):
            if event in said:
                return
            said.add(event)
        sink(event)

    return once
