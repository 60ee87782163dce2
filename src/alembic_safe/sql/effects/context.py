"""Gathers the locks, scans and rewrites of one statement; of a table's locks the strongest is kept."""

from __future__ import annotations

from alembic_safe.model.facts import (
    Facts,
    LockFact,
    LockMode,
    Name,
    ObjectRef,
    Origin,
    Phase,
    Reading,
    RewriteFact,
    Role,
    ScanFact,
)
from alembic_safe.sql.schema.model import Schema, TableState, key

_PHASES: tuple[Phase, ...] = ("neutral", "backfill", "expand", "contract", "incompatible")


class Effects:
    """Gathers; `facts` gives the result."""

    def __init__(self, reading: Reading, version: int, schema: Schema) -> None:
        self.reading = reading
        self.version = version
        self.schema = schema
        self.locks: dict[tuple[str, Name], LockFact] = {}
        self.scans: list[ScanFact] = []
        self.rewrites: list[RewriteFact] = []
        self.lossy: list[str] = []
        self.doubts: list[str] = []
        self.phase: Phase = "neutral"
        self.refuses = False
        self.controls = False
        self.fails = ""
        self.reversible = True

    # --- entering

    def object(self, name: Name, kind: str = "table", role: Role = "used") -> ObjectRef:
        """The statement's own reference to this object, or one that it implies."""
        wanted = key(name)
        for named in self.reading.objects:
            if key(named.name) == wanted and named.kind == kind:
                return named
        return ObjectRef(kind, name, role, implied=True)

    def lock(
        self, name: Name, mode: LockMode, why: str = "", *, kind: str = "table", certain: bool = True
    ) -> None:
        """The statement takes `mode` on this object."""
        place = (_class(kind), key(name))
        held = self.locks.get(place)
        if held is None or held.mode < mode:
            origin: Origin = "state" if self._implied(name, kind) else "parsed"
            self.locks[place] = LockFact(self.object(name, kind), mode, why, certain, origin)

    def _implied(self, name: Name, kind: str) -> bool:
        return self.object(name, kind).implied

    def scan(self, name: Name, kind: str, why: str = "", *, certain: bool = True) -> None:
        """The statement reads the whole table, and its partitions."""
        for table in self.stored(name):
            self.scans.append(ScanFact(self.object(table), kind, why, certain))

    def scan_one(self, name: Name, kind: str, why: str = "", *, certain: bool = True) -> None:
        """The statement reads this table alone."""
        self.scans.append(ScanFact(self.object(name), kind, why, certain))

    def rewrite(self, name: Name, why: str, *, certain: bool = True) -> None:
        """The statement writes a new copy of the table, and of its partitions."""
        for table in self.stored(name):
            self.rewrites.append(RewriteFact(self.object(table), why, certain))

    def stored(self, name: Name) -> list[Name]:
        """Where the rows are: the table, or the partitions of one that is partitioned, and children."""
        table = self.schema.table(name)
        children = [] if "only" in self.reading.flags else [t.name for t in self.schema.descendants(name)]
        children = [c for c in children if not self.partitioned(c)]
        return children if table is not None and table.partitioned else [name, *children]

    def partitioned(self, name: Name) -> bool:
        """Whether it is known to be a partitioned table."""
        table = self.schema.table(name)
        return table is not None and table.partitioned

    def lock_children(self, name: Name, mode: LockMode) -> None:
        """Partitions and inheriting tables are locked as well."""
        if "only" not in self.reading.flags:
            for child in self.schema.descendants(name):
                self.lock(child.name, mode, f"a partition or child of {name}")

    def lock_referenced(self, name: Name, mode: LockMode, why: str) -> None:
        """The table a foreign key points at, and its partitions."""
        self.lock(name, mode, why)
        if self.partitioned(name):
            for child in self.schema.descendants(name):
                self.lock(child.name, mode, f"a partition of {name}")

    def phase_is(self, phase: Phase) -> None:
        """The statement has this phase at least; the most dangerous of its actions decides."""
        if _PHASES.index(phase) > _PHASES.index(self.phase):
            self.phase = phase

    def loses(self, what: str) -> None:
        self.lossy.append(what)
        self.reversible = False

    def keep_locks_only(self) -> None:
        """What is planned and not run locks its tables and does nothing else."""
        self.scans, self.rewrites, self.lossy = [], [], []
        self.phase, self.reversible = "neutral", True

    # --- knowing

    def table(self, name: Name) -> TableState | None:
        return self.schema.table(name)

    def absent(self, name: Name) -> bool:
        """Whether IF EXISTS makes nothing of it, since it is known not to be there."""
        missing_ok = "if exists" in self.reading.flags
        return missing_ok and name.certain and self.schema.knows_all and self.schema.table(name) is None

    def known(self, name: Name) -> bool:
        """Whether everything of this table is known."""
        table = self.schema.table(name)
        return table is not None and table.complete

    def facts(self) -> Facts:
        fresh = tuple(
            (o.name, age) for o in self.reading.objects if (age := self.schema.age(o.name)) is not None
        )
        return Facts(
            self.reading,
            self.version,
            tuple(self.locks.values()),
            tuple(dict.fromkeys(self.scans)),
            tuple(dict.fromkeys(self.rewrites)),
            self.refuses,
            self.controls,
            self.fails,
            self.phase,
            self.reversible,
            tuple(self.lossy),
            fresh,
            tuple(self.doubts),
        )


def _class(kind: str) -> str:
    """Tables and what is like them share a name space."""
    return "relation" if kind in ("table", "view", "materialized view", "foreign table") else kind
