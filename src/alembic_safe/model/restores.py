"""Restores: what one would lose, what it took, and what it proved. Durations are seconds, times aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class RestoreProof:
    """A backup that was restored to see whether it can be; `faults` empty: it can.

    `recovery_time` is what getting a usable database took (fetch, decrypt, load, analyze), comparing apart.
    `age` is how old the data was then: what would have been lost. `where` says what it was restored into.
    `notes` name objects whose definition reads differently after the round trip, which loses nothing.
    """

    backup: str
    at: datetime
    where: str
    recovery_time: float
    age: float
    durations: Mapping[str, float]
    tables: int
    rows: int
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What a restore is about to do, said before anything is asked.

    `database` is where the backup goes, `kept` the name the present database will have (None: it is not
    replaced). `since` are sentences on what was written after the backup and would no longer be in the target;
    `stays` names what is bound to the present database and will not follow; `sessions` who is connected.
    """

    backup: str
    target: str
    database: str
    kept: str | None
    since: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading a backup into an empty database showed."""

    tables: int
    rows: int
    durations: Mapping[str, float] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
