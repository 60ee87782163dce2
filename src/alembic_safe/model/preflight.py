"""Preflight: what stands in a run's way before it begins, and what of the plan it is looked for with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.quick import dataclass

# refuse: nothing is applied. warn: it is said. off: it is not looked for.
Level = Literal["refuse", "warn", "off"]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What a preflight check found. `cure` is a sentence or two that say what to do about it.

    `status` is the command's exit status where this alone refuses; `detail` longer material to show below.
    """

    check: str
    level: Level
    message: str
    cure: str
    status: int = 3
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """A preflight check as `doctor` shows it: what it looks for, its level, and what it found."""

    check: str
    level: Level
    summary: str
    obstacles: tuple[Obstacle, ...] = ()


@dataclass(frozen=True, slots=True)
class PhasedStep:
    """A revision that expands or contracts, with the tables it changes (None: all, for all we know).

    `age` is how long ago it was committed (s); 0 where it is planned.
    """

    revision: str
    tables: frozenset[Name] | None
    age: float = 0.0

    def shares(self, other: PhasedStep) -> bool:
        """Whether both may concern the same table; a name without a schema fits in any."""
        if self.tables is None or other.tables is None:
            return True
        return any(
            a.name == b.name and (None in (a.schema, b.schema) or a.schema == b.schema)
            for a in self.tables
            for b in other.tables
        )


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """What a plan does to tables and schemas that were there before it.

    `locks` holds the strongest mode on each table. `rewritten` are copied whole, `indexed` get an index built,
    `owned` are changed in a way that only their owner may, `schemas` get something new (None: the default
    one). `autocommit`: a statement commits on its own. `switches_role`: a statement changes the session's role.
    `contracts` and `expands` are the plan's own steps of these phases, in order.
    """

    locks: Mapping[Name, LockMode] = field(default_factory=dict)
    rewritten: tuple[Name, ...] = ()
    indexed: tuple[Name, ...] = ()
    owned: tuple[Name, ...] = ()
    schemas: tuple[str | None, ...] = ()
    autocommit: bool = False
    switches_role: bool = False
    contracts: tuple[PhasedStep, ...] = ()
    expands: tuple[PhasedStep, ...] = ()


@dataclass(frozen=True, slots=True)
class ForbiddenHours:
    """A time of day in which nothing is applied, on `days` (0 is Monday), in the IANA `zone`.

    Minutes since midnight, `begin` included and `end` not; an `end` before `begin` is on the next day.
    """

    begin: int
    end: int
    days: frozenset[int] = frozenset(range(7))
    zone: str = "UTC"
    text: str = ""


@dataclass(frozen=True, slots=True)
class PreflightPolicy:
    """How strict preflight is. `levels` are a person's word by check; `old_transaction` is in seconds.

    `replica_lag` bounds, in seconds, how far standbys may be behind before each step (None: not waited for);
    `replica_wait` how long they are waited for. `contract_after` (s) is the least age of a table's expand step
    before a contract step on it; `old_applications` are patterns of the application_name of code before.
    """

    levels: Mapping[str, Level] = field(default_factory=dict)
    old_transaction: float = 300.0
    replica_lag: float | None = None
    replica_wait: float = 600.0
    contract_after: float | None = None
    old_applications: tuple[str, ...] = ()
    not_between: tuple[ForbiddenHours, ...] = ()
