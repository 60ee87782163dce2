"""Concurrent statements on the supervisor's side: whom they wait for, and cleaning up what one leaves that failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import field, replace

from alembic_safe.apply.settling import Evidence, settle
from alembic_safe.bridge.worker.masking import mask_sql
from alembic_safe.databases import (
    InvalidIndex,
    PendingDetach,
    drop_invalid,
    invalid_indexes,
    old_snapshots,
    pending_detaches,
)
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.protocols import Database
from alembic_safe.model.revisions import Statement
from alembic_safe.quick import dataclass

CONCURRENT = re.compile(r"\bconcurrently\b", re.IGNORECASE)
_CREATE = re.compile(r"\s*create\b", re.IGNORECASE)
_DROP = re.compile(r"\s*drop\s+index\b", re.IGNORECASE)
_DETACH = re.compile(r"(\bdetach\s+partition\b.*?)\bconcurrently\b\s*;?\s*$", re.IGNORECASE | re.DOTALL)


def is_concurrent(statement: Statement) -> bool:
    """Whether it is one that commits by itself and may leave something half done."""
    return statement.autocommit and bool(CONCURRENT.search(statement.sql))


@dataclass(slots=True)
class Debris:
    """What one concurrent statement leaves. `before` are the indexes that were INVALID already.

    `own` is the application_name of the run's sessions.
    """

    database: Database
    statement: Statement
    sink: EventSink
    own: str
    before: frozenset[int] = field(default_factory=frozenset)
    _said: bool = False

    def look_before(self) -> None:
        """Note what is INVALID now, and say for whom the statement will have to wait."""
        self.before = frozenset(index.oid for index in invalid_indexes(self.database, self.own))
        others = old_snapshots(self.database)
        if others:
            who = "; ".join(str(replace(one, query=mask_sql(one.query)[:200])) for one in others[:5])
            self.sink(Notice(f"a concurrent statement waits for every transaction that is older: {who}"))

    def left(self) -> list[InvalidIndex]:
        """What it left INVALID, as far as it cannot be another's."""
        return [index for index in invalid_indexes(self.database, self.own) if self.made(index)]

    def made(self, index: InvalidIndex) -> bool:
        """Whether an index that is INVALID now is this statement's: not there before, and nobody else's.

        Another tenant's run may build an index of the same name on a table of the same name, in its own schema.
        """
        if index.oid in self.before or index.theirs:
            return False
        if self._names(index.plain):
            return True
        return not index.busy and (self._names(index.table) or not _CREATE.match(self.statement.sql))

    def named_for(self, index: InvalidIndex) -> bool:
        """Whether an index that is nobody's work now has the name, and stands on the table, that are in the text."""
        return not (index.theirs or index.busy) and self._names(index.plain) and self._names(index.table)

    def _names(self, name: str) -> bool:
        word = rf"(?<![\w$]){re.escape(name)}(?![\w$])"
        return re.search(word, self.statement.sql, re.IGNORECASE) is not None

    def clean(self) -> bool:
        """Drop what it left; whether nothing is left of it, as before it ran. Says what was done."""
        if _DETACH.search(self.statement.sql):
            return self._half_detached() is None  # which only going on can mend
        left = self.left()
        if _DROP.match(self.statement.sql):
            return not left  # the index is to go, and INVALID until it does
        gone = [index for index in left if drop_invalid(self.database, index)]
        if gone:
            self.sink(Notice(f"dropped what a failed concurrent statement left INVALID: {_names(gone)}"))
        stays = [index for index in left if index not in gone]
        if stays and not self._said:
            self._said = True
            self.sink(
                Notice(
                    f"a failed concurrent statement left INVALID what could not be dropped yet: {_names(stays)}",
                    f"Run `DROP INDEX CONCURRENTLY {stays[0].name}`.",
                )
            )
        return not stays

    def goes_on(self) -> bool:
        """Whether the statement takes up what it left: a second DROP INDEX does, and a DETACH as its FINALIZE."""
        return bool(_DROP.match(self.statement.sql) or _DETACH.search(self.statement.sql))

    def next_try(self) -> str:
        """What to run in its place at the next try; "" the same again."""
        found = _DETACH.search(self.statement.sql)
        if found is None or self._half_detached() is None:
            return ""
        return f"{self.statement.sql[: found.start()]}{found[1]}FINALIZE"

    def ending(self) -> str:
        """The SQL that ends what it has begun and left half done; "" where there is no such thing."""
        if _DROP.match(self.statement.sql):
            return next((f"DROP INDEX CONCURRENTLY {index.name}" for index in self.left()), "")
        half = self._half_detached()
        return f"ALTER TABLE {half.parent} DETACH PARTITION {half.name} FINALIZE" if half else ""

    def _half_detached(self) -> PendingDetach | None:
        """The partition of a DETACH that is half detached, by this statement or by one of an earlier run."""
        if not _DETACH.search(self.statement.sql):
            return None
        return next((one for one in pending_detaches(self.database) if self._names(one.plain)), None)


def clean_after(database: Database, builds: Iterable[str], sink: EventSink) -> tuple[InvalidIndex, ...]:
    """Drop the INVALID indexes that bear the name that a build of a dead run was to make; those that stay.

    What was INVALID before that run nobody knows any more: so only what stands in the next build's way is dropped,
    and nothing where several have the name, in the schemas of several tenants. The deploy lock must be held.
    """
    stays: list[InvalidIndex] = []
    for sql in builds:
        build = Debris(database, Statement(1, sql, None, autocommit=True), sink, own="")
        left = [index for index in invalid_indexes(database, "") if build.named_for(index)]
        if len(left) == 1 and drop_invalid(database, left[0]):
            sink(Notice(f"dropped what a failed concurrent statement left INVALID: {_names(left)}"))
        else:
            stays += left
    return tuple(stays)


def is_build(sql: str) -> bool:
    """Whether it is a CREATE INDEX CONCURRENTLY."""
    return bool(CONCURRENT.search(sql) and _CREATE.match(sql))


def _names(indexes: Sequence[InvalidIndex]) -> str:
    return ", ".join(index.name for index in indexes)


def way_on(debris: Debris | None, evidence: Evidence) -> str:
    """What to do about a concurrent statement that stopped half way and that going on will end; "" for any other."""
    ending = debris.ending() if debris is not None else ""
    if debris is None or not ending:
        return ""
    if settle(replace(evidence, cleaned={*evidence.cleaned, debris.statement.ordinal})) != "rolled_back":
        return (
            f"`{ending}` ends the statement that stopped half way. See `alembic-safe recover` for the rest."
        )
    return (
        "Nothing but the statement that stopped half way is committed, and it goes on where it stopped:"
        f" see `alembic-safe recover`. What it would end with is `{ending}`."
    )
