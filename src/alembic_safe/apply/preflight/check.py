"""What a preflight check is, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from datetime import datetime
from functools import cache
from pathlib import Path

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.policies import BackupPolicy
from alembic_safe.model.preflight import Level, PhasedStep, PlannedWork, PreflightPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.revisions import Revision
from alembic_safe.model.targets import Dialect, Target
from alembic_safe.quick import dataclass

_FOLDER = Path(__file__).parent / "queries"


@dataclass(frozen=True, slots=True)
class LockedTable:
    """A table that the plan locks, as the server knows it; sizes in bytes. `name` is schema-qualified.

    `owned`: the project's role is its owner, or a member of it. `inherited`: it is a partition or child of
    the table that the plan names.
    """

    oid: int
    planned: Name
    name: str
    mode: LockMode
    heap: int
    total: int
    owned: bool
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A target just before a run. `work` None: no plan is known yet, or none will be (`doctor`).

    `own` are application_names of our own sessions, `recent` the expand steps of late (where `contract-after` is
    set). `doctor`: no run follows. `journal_schema` None: the journal is not in the target.
    `pooled`: env.py's own connection, unlike ours perhaps, goes through a pooler.
    """

    database: Database
    target: Target
    policy: PreflightPolicy
    backup: BackupPolicy
    now: datetime
    journal_schema: str | None = "alembic_safe"
    heads: tuple[str, ...] = ()
    revisions: tuple[Revision, ...] = ()
    work: PlannedWork | None = None
    tables: tuple[LockedTable, ...] = ()
    own: frozenset[str] = field(default_factory=frozenset)
    recent: tuple[PhasedStep, ...] = ()
    doctor: bool = False
    pooled: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found; `level` None: the check's own. `status`: the exit status where nothing else refuses."""

    message: str
    cure: str
    level: Level | None = None
    status: int = 3
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One preflight check. `id` reads well before `=off`; `summary` completes "looks for ...".

    `planned`: it needs the plan, and so runs under the deploy lock. `always`: also where nothing is pending. A
    person's word on its level goes before what it says itself.
    """

    id: str
    level: Level
    summary: str
    look: Callable[[Scene], Iterable[Found]]
    dialects: tuple[Dialect, ...] = ("postgresql",)
    planned: bool = False
    always: bool = False


@cache
def query(name: str) -> str:
    """The text of queries/`name`.sql."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def duration(seconds: float) -> str:
    """A duration for people: "40 s", "12 min", "3 h", "2 days"."""
    for size, unit in ((172800, ""), (7200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds / 86400:.0f} days" if not unit else f"{seconds / (size / 2):.0f} {unit}"
    return f"{seconds:.0f} s"


def size(number: float) -> str:
    """Bytes for people: "512 kB", "4.1 GB" (decimal)."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if number >= scale:
            return f"{number / scale:.1f} {unit}"
    return f"{number / 1e3:.0f} kB"


def session(pid: int | None, user: str | None, application: str | None, state: str | None) -> str:
    """A session for people: "pid 123 of app (web-3), idle in transaction"."""
    name = f" ({application})" if application else ""
    return f"pid {pid} of {user or 'another role'}{name}" + (f", {state}" if state else "")
