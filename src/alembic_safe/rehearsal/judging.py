"""Facts as they were seen in the place of facts as they were expected, and where the two differ. Pure.

What was seen counts. That something was not seen says nothing where it could not be: of a table without rows, of
a lock that was gone before anybody looked, of what a planner decides anew on another size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from alembic_safe.model.facts import Facts, LockFact, LockMode, Name, ObjectRef, RewriteFact, ScanFact
from alembic_safe.model.findings import JudgedPlan, JudgedRevision, JudgedStatement
from alembic_safe.model.rehearsals import Difference
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.observed import Observation

_RELATIONS = ("table", "view", "materialized view", "foreign table")
# what reads or writes rows scans as its planner likes
_ROWS = frozenset({"select", "insert", "update", "delete", "merge", "with", "copy", "values", "explain"})
# a new file that is no copy of the old
_EMPTIES = frozenset({"truncate table", "refresh materialized view"})
# done by the command itself, always in the same way; the others are queries
_BY_COMMAND = frozenset({"check", "not null", "index build", "rewrite", "partition"})
_PART = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')


def name_of(text: str) -> Name:
    """The name that `quote_ident` wrote: `app."Order"`.

    >>> name_of('app."Or""der"'), name_of("t")
    (Name(name='Or"der', schema='app'), Name(name='t', schema=None))
    """
    parts = [m[1].replace('""', '"') if m[1] is not None else m[2] for m in _PART.finditer(text)]
    return Name(parts[-1], parts[0] if len(parts) > 1 else None)


def same(one: Name, other: Name) -> bool:
    """Whether two names may be of one relation: a schema that only one of them tells is taken for the other's."""
    return one.name == other.name and (None in (one.schema, other.schema) or one.schema == other.schema)


@dataclass(frozen=True, slots=True)
class Seen:
    """The observations of a revision, by ordinal. `kinds` and `filled` are of relations by their names in it.

    `kinds` gives pg_class.relkind of those that were there before the plan, `filled` names tables of them with rows.
    """

    observations: Mapping[int, Observation]
    kinds: Mapping[str, str]
    filled: frozenset[str]


def as_seen(
    plan: JudgedPlan, seen: Mapping[str, Seen]
) -> tuple[JudgedPlan, dict[str, tuple[Difference, ...]]]:
    """The plan with the facts that were observed (`seen` by revision), and by revision where they differ."""
    revisions, differences = [], {}
    for revision in plan.revisions:
        here = seen.get(revision.revision.id)
        made, found = (revision, ()) if here is None else _revision(revision, here)
        revisions.append(made)
        differences[revision.revision.id] = found
    return replace(plan, revisions=tuple(revisions)), differences


def _revision(revision: JudgedRevision, seen: Seen) -> tuple[JudgedRevision, tuple[Difference, ...]]:
    statements: list[JudgedStatement] = []
    differences: list[Difference] = []
    by_transaction: dict[str, Mapping[str, LockMode]] = {}
    for statement in revision.statements:
        one = seen.observations.get(statement.statement.ordinal)
        if one is None:
            statements.append(statement)
            continue
        held = by_transaction.get(one.transaction, {}) if one.transaction else {}
        made, found = _statement(statement, one, held, seen)
        statements.append(made)
        differences += found
        if one.looked:
            by_transaction[one.transaction] = one.locks
    return replace(revision, statements=tuple(statements)), tuple(differences)


def _statement(
    statement: JudgedStatement, one: Observation, held: Mapping[str, LockMode], seen: Seen
) -> tuple[JudgedStatement, list[Difference]]:
    if len(statement.commands) != 1 or not one.looked:
        # several commands in one text: what was seen cannot be told apart by them; and of an error nothing was seen
        return statement, []
    (command,) = statement.commands
    watch = _Comparison(one, held, seen, command.facts)
    facts = replace(
        command.facts,
        locks=tuple(watch.locks()),
        scans=tuple(watch.scans()),
        rewrites=tuple(watch.rewrites()),
        fails="",  # it did not
    )
    return replace(statement, commands=(replace(command, facts=facts),)), watch.differences


class _Comparison:
    """One command's facts beside what was seen."""

    def __init__(self, one: Observation, held: Mapping[str, LockMode], seen: Seen, facts: Facts) -> None:
        self._one, self._held, self._seen, self._facts = one, held, seen, facts
        self._new = {name for name, _ in facts.fresh}
        self.differences: list[Difference] = []

    def locks(self) -> Iterator[LockFact]:
        told: dict[str, LockMode] = {}
        for lock in self._facts.locks:
            text = self._known(lock.object)
            if text is None:
                yield lock
                continue
            expected, now = lock.mode, self._one.locks.get(text)
            before = self._held.get(text, 0)
            told[text] = max(expected, told.get(text, LockMode.ACCESS_SHARE))
            if not self._one.transaction and now is None:
                yield lock  # it was gone before anybody looked
            elif now is None or now < expected:
                self._differ("lock", text, expected.title, now.title if now else "none")
                if now is not None:
                    yield replace(lock, mode=now, certain=True, origin="observed")
            elif now > max(expected, before):
                yield replace(lock, mode=now, certain=True, origin="observed")
            else:
                yield replace(lock, certain=True, origin="observed")
        for text, mode in self._one.new_locks.items():
            if self._is_table(text) and mode > told.get(text, 0) and mode >= LockMode.SHARE_UPDATE_EXCLUSIVE:
                self._differ("lock", text, told[text].title if text in told else "none", mode.title)
                if text not in told:
                    yield LockFact(self._object(text), mode, "seen on the clone", origin="observed")

    def scans(self) -> Iterator[ScanFact]:
        told = set()
        for scan in self._facts.scans:
            text = self._known(scan.object)
            if text is None:
                yield scan
                continue
            told.add(text)
            if text in self._one.scanned or text in self._one.rewritten:
                yield replace(scan, certain=True, origin="observed")
            elif (
                scan.kind in _BY_COMMAND
                and text in self._seen.filled
                and self._seen.kinds.get(text) in ("r", "m")
            ):
                self._differ("scan", text, "yes", "none")
            else:
                yield scan
        if self._facts.reading.kind in _ROWS:
            return
        for text in self._one.scanned:
            # a rewrite is told as one
            if text in told or text in self._one.rewritten:
                continue
            if self._is_table(text) and not self._covered(text):
                self._differ("scan", text, "none", "yes")
                yield ScanFact(self._object(text), self._kind(text), "seen on the clone", origin="observed")

    def rewrites(self) -> Iterator[RewriteFact]:
        told = set()
        for one in self._facts.rewrites:
            text = self._known(one.object)
            if text is None:
                yield one
                continue
            told.add(text)
            if text in self._one.rewritten:
                yield replace(one, certain=True, origin="observed")
            elif self._seen.kinds.get(text) in ("r", "m"):
                self._differ("rewrite", text, "yes", "none")
            else:
                yield one
        if self._facts.reading.kind in _EMPTIES:
            return
        for text in self._one.rewritten:
            if text not in told and self._is_table(text) and not self._covered(text):
                self._differ("rewrite", text, "none", "yes")
                yield RewriteFact(self._object(text), "seen on the clone", origin="observed")

    def _covered(self, text: str) -> bool:
        """Whether a fact about a partitioned table stands for it."""
        facts: Iterable[ScanFact | RewriteFact] = (*self._facts.scans, *self._facts.rewrites)
        return any(self._kind_of(one.object) in ("p", "") for one in facts)

    def _kind(self, text: str) -> str:
        name = name_of(text).name
        for line in self._one.said:
            if f'"{name}"' not in line:
                continue
            if "rewriting table" in line:
                return "rewrite"
            if "building index" in line:
                return "index build"
            if "verifying table" in line:
                return "check"
            if "validating foreign key" in line:
                return "foreign key"
        return "rows"

    def _known(self, named: ObjectRef) -> str | None:
        """How the clone spells an old relation that a fact is about; None where it is not one of those."""
        if named.kind not in _RELATIONS or named.name in self._new:
            return None
        found = [text for text in self._seen.kinds if same(name_of(text), named.name)]
        # another schema may have a table of this name
        return next((text for text in found if name_of(text) == named.name), next(iter(found), None))

    def _kind_of(self, named: ObjectRef) -> str:
        text = self._known(named)
        return self._seen.kinds.get(text, "") if text is not None else ""

    def _is_table(self, text: str) -> bool:
        return self._seen.kinds.get(text) in ("r", "p", "v", "m", "f")

    def _object(self, text: str) -> ObjectRef:
        kinds = {"v": "view", "m": "materialized view", "f": "foreign table"}
        return ObjectRef(
            kinds.get(self._seen.kinds.get(text, ""), "table"), name_of(text), "used", implied=True
        )

    def _differ(self, what: str, table: str, expected: str, seen: str) -> None:
        self.differences.append(Difference(self._one.ordinal, what, table, expected, seen))
