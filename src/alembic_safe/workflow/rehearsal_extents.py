"""How large tables are on a clone and on the target that it stands for: what forecasts go by, and what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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
    """Tables that were there before the first step, by their names as the clone spells them.

    `names` by oid are of all relations; `there` is None where no target was asked. `buffers` are both servers'.
    """

    names: Mapping[int, str]
    here: Mapping[str, RelationSize]
    there: Mapping[str, RelationSize] | None
    buffers: tuple[Buffers, Buffers] | None = None

    def sizes(self, *, same: bool) -> Sizes:
        """What a forecast goes by."""
        here = _bytes(self.here)
        if self.there is None:
            return Sizes(here, here if same else {}, same=same)
        return Sizes(here, _bytes(self.there), reading=self._reading(self.there))

    def _reading(self, there: Mapping[str, RelationSize]) -> Reading | None:
        if self.buffers is None:
            return None
        clone, target = self.buffers
        page = target.page or clone.page or _PAGE_SECONDS
        return Reading(clone.bytes, target.bytes, page, _own(self.here), _own(there))

    def tables(self, revisions: Iterable[RehearsedRevision]) -> tuple[RehearsedTable, ...]:
        """The tables that statements worked on, in the order in which they first did."""
        worked = (
            name
            for revision in revisions
            for one in revision.statements
            for name in (*one.scanned, *one.rewritten, *one.changed)
        )
        there = self.there
        return tuple(
            RehearsedTable(name, _size(self.here[name]), None if there is None else _size(there.get(name)))
            for name in dict.fromkeys(worked)
            if name in self.here
        )


def extents_of(found: Origin, site: Site | None, stand: Stand | None, steps: Sequence[SeenStep]) -> Extents:
    """Of one target's clone. The sizes that were taken along with a schema count; else the target is asked now."""
    names = {oid: one.name for step in steps[:1] for oid, one in step.before.items()}
    if stand is None or stand.clone.dialect == "sqlite":
        return Extents(names, {}, None)
    here = {names[oid]: one for oid, one in stand.sizes.items() if oid in names}
    if site is None or site.target.dialect != "postgresql":
        return Extents(names, here, None)
    spelled = {one.key: names[oid] for oid, one in stand.sizes.items() if oid in names}
    there = {spelled[one.key]: one for one in _of_target(found, site) if one.key in spelled}
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


def _bytes(of: Mapping[str, RelationSize]) -> dict[str, int]:
    return {name: one.bytes + one.index_bytes for name, one in of.items()}


def _own(of: Mapping[str, RelationSize]) -> dict[str, int]:
    return {name: one.bytes for name, one in of.items()}


def _size(one: RelationSize | None) -> TableSize:
    if one is None:
        return TableSize(None, None)
    return TableSize(None if one.rows is None else round(one.rows), one.bytes + one.index_bytes)
