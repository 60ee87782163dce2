"""One rehearsal under way: clones are filled, revisions run on them, and at each edge what is wanted is looked at."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import field

from alembic_safe.bridge.scratch import Observer
from alembic_safe.databases import open_database
from alembic_safe.databases.postgresql.looking_on import (
    RelationSize,
    locks_of_others,
    relation_sizes,
    send_counters,
)
from alembic_safe.errors import UsageError
from alembic_safe.model.facts import Name
from alembic_safe.model.live import LiveLook
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.rehearsals import OldApplication
from alembic_safe.model.revisions import Direction
from alembic_safe.model.scratch import Clone
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.checking import check_application
from alembic_safe.rehearsal.comparing import Picture, picture
from alembic_safe.rehearsal.filling import APPLICATION, Filling
from alembic_safe.rehearsal.sampling import Sampler
from alembic_safe.rehearsal.watching import Watch
from alembic_safe.settings import Settings


@dataclass(slots=True)
class Stand:
    """A clone with our own connection to it, and what it was when the rehearsal began."""

    clone: Clone
    database: Database
    sizes: dict[int, RelationSize] = field(default_factory=dict)
    look: LiveLook | None = None
    before: Picture | None = None
    pictures: dict[str, Picture] = field(default_factory=dict)


Begun = Callable[[list[Stand]], None]


@dataclass(slots=True)
class Rehearsing:
    """Makes an observer for each beginning.

    `first` is the number of the job that is rehearsed; those before lead there. `stands` are those of the last
    beginning. `begun` is called with them where those jobs have led there.
    """

    settings: Settings
    filling: Filling | None
    directions: tuple[Direction, ...]
    first: int
    tick: Callable[[], None]
    begun: Begun | None = None
    stands: list[Stand] = field(default_factory=list)
    checks: list[OldApplication] = field(default_factory=list)
    watch: Watch | None = None
    _new: list[Clone] = field(default_factory=list)
    _sampler: Sampler | None = None
    _outside: Database | None = None

    def fill(self, clone: Clone) -> None:
        """A new clone."""
        if self.filling is not None:
            self.filling(clone)
        self._new.append(clone)

    def observer(self) -> Observer:
        """For the clones that were filled since the last one."""
        self.close()
        self.stands = [Stand(one, self._open(one)) for one in self._new]
        self._new, self.checks = [], []
        if self.stands and self.stands[0].clone.dialect == "postgresql":
            outside = self._outside = self._open(self.stands[0].clone)
            self._sampler = Sampler(lambda: locks_of_others(outside))
        self.watch = Watch(self.directions, self._edge, self._sampler)
        return self.watch

    def stand_of(self, database: str) -> Stand | None:
        """The clone that a target ran on, by its own name or path; None for a further file, which is not looked at."""
        for one in self.stands:
            if database in (one.clone.name, one.clone.keywords.get("database")):
                return one
        return None

    def close(self) -> None:
        """Close our connections. Never raises."""
        if self._sampler is not None:
            self._sampler.close()
        for one in (*(stand.database for stand in self.stands), self._outside):
            if one is not None:
                with suppress(Exception):
                    one.close()
        self._sampler = self._outside = None

    def _open(self, clone: Clone) -> Database:
        return open_database(clone.parameters, policy=ControlPolicy(), application_name=APPLICATION)

    def _edge(self, job: int, revision: str | None) -> None:
        policy = self.settings.rehearsal
        if job == self.first and revision is None:
            if self.begun is not None:
                self.begun(self.stands)
            for stand in self.stands:
                self._look(stand)
            self._check("")
        elif job == self.first and revision is not None:
            self._check(revision)
            if policy.round_trip and policy.each:
                for stand in self.stands:
                    stand.pictures[revision] = self._picture(stand)
        for stand in self.stands:
            if stand.clone.dialect == "postgresql":
                send_counters(stand.database)

    def _look(self, stand: Stand) -> None:
        if stand.clone.dialect == "postgresql":
            stand.sizes = relation_sizes(stand.database)
            names = [Name(one.name, one.schema) for one in stand.sizes.values()]
            relations = stand.database.fetch(
                "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class AS c"
                " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
                " WHERE c.oid >= 16384 AND c.relkind IN ('v', 'f', 'i', 'I', 'S') AND n.nspname !~ '^pg_'"
            )
            names += [Name(name, schema) for schema, name in relations]
        else:
            rows = stand.database.fetch("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
            names = [Name(str(name)) for (name,) in rows]
        stand.look = stand.database.look(names, ()) if names else None
        if self.settings.rehearsal.round_trip:
            stand.before = self._picture(stand)

    def _picture(self, stand: Stand) -> Picture:
        return picture(stand.database, self.settings.backup.bindir, rows=True, tick=self.tick)

    def picture_now(self, stand: Stand) -> Picture:
        """What the clone holds now."""
        return self._picture(stand)

    def _check(self, after: str) -> None:
        if not self.settings.rehearsal.checks:
            return
        for stand in self.stands:
            for one in check_application(self.settings.rehearsal, stand.clone, after, tick=self.tick):
                self.checks.append(one)
                if not after and not one.good:
                    raise UsageError(
                        f"{one.what} fails on the clone before any revision ran, so that it would say nothing:"
                        f" {one.said}",
                        hint="Make it pass on the database as it is now.",
                    )
