"""How large tables are on a clone and on the target that it stands for: what forecasts go by, and what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from alembic_safe.databases.postgresql.looking_on import Buffers, RelationSize, buffers_of, sizes_in_use
from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.rehearsals import RehearsedRevision, RehearsedTable, TableSize
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.forecasting import Reading, Sizes
from alembic_safe.rehearsal.watching import SeenStep
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.rehearsal_run import Stand
from alembic_safe.workflow.rehearsal_sources import Origin

# a page from a disk that reads 200 MB in a second
_PAGE_SECONDS = 40e-6


@dataclass(frozen=True, slots=True)
class Extents:
    """Tables that were there before the first step, by the clone's oids: a revision may give them other names.

    `names` are of all relations then, as the clone spells them; `there` is None where no target was asked. `buffers`
    are both servers'.
    """

    names: Mapping[int, str]
    here: Mapping[int, RelationSize]
    there: Mapping[int, RelationSize] | None
    buffers: tuple[Buffers, Buffers] | None = None

    def names_in(self, step: SeenStep) -> dict[int, str]:
        """How they are called when a step begins, of those that are still there."""
        return {oid: one.name for oid, one in step.before.items() if oid in self.names}

    def sizes(self, step: SeenStep, *, same: bool) -> Sizes:
        """What a step's forecast goes by."""
        names = self.names_in(step)
        here = _bytes(self.here, names)
        if self.there is None:
            return Sizes(here, here if same else {}, same=same)
        return Sizes(here, _bytes(self.there, names), reading=self._reading(self.there, names))

    def _reading(self, there: Mapping[int, RelationSize], names: Mapping[int, str]) -> Reading | None:
        if self.buffers is None:
            return None
        clone, target = self.buffers
        page = target.page or clone.page or _PAGE_SECONDS
        return Reading(clone.bytes, target.bytes, page, _own(self.here, names), _own(there, names))

    def tables(self, ran: Iterable[tuple[SeenStep, RehearsedRevision]]) -> tuple[RehearsedTable, ...]:
        """The tables that statements worked on, in the order in which they first did, by their first names."""
        worked = dict.fromkeys(oid for step, revision in ran for oid in self._worked(step, revision))
        there = self.there
        return tuple(
            RehearsedTable(
                self.names[oid], _size(self.here[oid]), None if there is None else _size(there.get(oid))
            )
            for oid in worked
            if oid in self.here
        )

    def _worked(self, step: SeenStep, revision: RehearsedRevision) -> Iterator[int]:
        oids = {name: oid for oid, name in self.names_in(step).items()}
        for one in revision.statements:
            for name in (*one.scanned, *one.rewritten, *one.changed):
                if name in oids:
                    yield oids[name]


def extents_of(found: Origin, site: Site | None, stand: Stand | None, steps: Sequence[SeenStep]) -> Extents:
    """Of one target's clone. The sizes that were taken along with a schema count; else the target is asked now."""
    names = {oid: one.name for step in steps[:1] for oid, one in step.before.items()}
    if stand is None or stand.clone.dialect == "sqlite":
        return Extents(names, {}, None)
    here = {oid: one for oid, one in stand.sizes.items() if oid in names}
    if site is None or site.target.dialect != "postgresql":
        return Extents(names, here, None)
    known = {one.key: oid for oid, one in here.items()}
    there = {known[one.key]: one for one in _of_target(found, site) if one.key in known}
    return Extents(names, here, there, _buffers(stand, site))


def _buffers(stand: Stand, site: Site) -> tuple[Buffers, Buffers] | None:
    try:
        return buffers_of(stand.database), buffers_of(site.database)
    except AlembicSafeError:
        return None


def _of_target(found: Origin, site: Site) -> Iterable[RelationSize]:
    taken = found.dumps.get(site.target.database)
    if taken is not None and taken.sizes is not None:
        return taken.sizes
    try:
        return sizes_in_use(site.database).values()
    except AlembicSafeError:  # it is gone, or may not be measured
        return ()


def _bytes(of: Mapping[int, RelationSize], names: Mapping[int, str]) -> dict[str, int]:
    return {names[oid]: one.bytes + one.index_bytes for oid, one in of.items() if oid in names}


def _own(of: Mapping[int, RelationSize], names: Mapping[int, str]) -> dict[str, int]:
    return {names[oid]: one.bytes for oid, one in of.items() if oid in names}


def _size(one: RelationSize | None) -> TableSize:
    if one is None:
        return TableSize(None, None)
    return TableSize(None if one.rows is None else round(one.rows), one.bytes + one.index_bytes)
