"""What the supervisor and its guard say to each other."""

from __future__ import annotations

from alembic_safe.bridge.messages import register
from alembic_safe.model.guarding import Cut, Other, Work
from alembic_safe.model.policies import ControlPolicy, GuardPolicy
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.quick import dataclass

# ---- supervisor to guard


@dataclass(frozen=True, slots=True)
class Watch:
    """Watch the sessions called `application_name` on this database from now on. Answered by `Watching`.

    `number` is told back: only the answer that was asked for last says what is there now.
    """

    number: int
    parameters: ConnectParameters
    control: ControlPolicy
    application_name: str
    policy: GuardPolicy


@dataclass(frozen=True, slots=True)
class NextStep:
    """Another revision begins: its stalls are summed anew."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The run is over: go, and end nobody. Without it, the channel's closing means that the supervisor is gone."""


# ---- guard to supervisor


@dataclass(frozen=True, slots=True)
class Watching:
    """The first look after `Watch` was made; see `model.guarding.Look`."""

    number: int
    sessions: int
    hidden: int


@dataclass(frozen=True, slots=True)
class Looked:
    """Alive, once a second, and as soon as anybody waits for us; `total` as in `Judge`."""

    total: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """A session of ours waits, for `waited` seconds so far, for these."""

    waited: float
    waits_for: str
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Unblocked:
    """No session of ours waits any more."""


@dataclass(frozen=True, slots=True)
class Cutting:
    """Said before it is done, so that no failure comes before its reason."""

    cut: Cut
    total: float


@dataclass(frozen=True, slots=True)
class CutEnded:
    """Whether the server took the signal; `refused` says why the role may not send one."""

    done: bool
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Working:
    """What the server reports of a long command."""

    work: Work


@dataclass(frozen=True, slots=True)
class Lost:
    """The guard can watch no more, and ends."""

    message: str


register(Watch, NextStep, Leave, Watching, Looked, Blocked, Unblocked, Cutting, CutEnded, Working, Lost)
