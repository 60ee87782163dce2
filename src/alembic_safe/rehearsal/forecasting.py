"""What a statement's time on a clone lets expect of the target: by the sizes of the tables that it worked on. Pure.

Work on a table takes time in proportion to its bytes, what works on none takes as long there as here. Nothing is
expected where a size is not known. Sorting for an index takes somewhat more, but a table of 8 MB or more is sorted by
several workers (min_parallel_table_scan_size), which a small clone's is not: that the one makes up for the other was
measured (benchmarks/bench_forecast.py), so that the more counts where the clone had workers already.

A table that is larger than a quarter of a server's buffers is read past them (src/backend/access/heap/heapam.c,
initscan), so that a scan finds none of it there. What lay in the clone's buffers and will not in the target's is
counted by what a page that has to be read costs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from alembic_safe.model.revisions import Statement
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.observed import Observation

# below this a clone's time is the command's own and says nothing of the work
_TELLING_BYTES = 256 * 1024
_LOOP = 10  # statements of one line: a loop over rows
_ROW = 100  # bytes, about
_PAGE = 8192
_RING = 4  # a scan of more than this part of the buffers reads past them
_BY_WORKERS = "with request for"  # DEBUG1 of catalog/index.c, index_build


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading costs: buffers of the clone's server and of the target's (bytes), seconds for a page not in them.

    `here` and `there` are tables without their indexes.
    """

    buffers_here: int
    buffers_there: int
    page: float
    here: Mapping[str, int]
    there: Mapping[str, int]

    def more(self, one: Observation) -> float:
        """Seconds for pages which a scan found in the clone's buffers, and will not find in the target's."""
        pages = 0.0
        for name in {*one.scanned, *one.rewritten}:
            size = self.there.get(name, 0)
            if size > self.buffers_there / _RING and self.here.get(name, 0) <= self.buffers_here / _RING:
                pages += size / _PAGE
        found = 1 - min(1.0, one.read / one.pages) if one.pages else 1.0
        return pages * found * self.page


@dataclass(frozen=True, slots=True)
class Sizes:
    """Tables of the clone and of the target by the clone's names. `speed` is bytes per second that the target works.

    `same`: the clone has the target's rows, so that its times are what is to be expected. `reading` is None where
    nothing is known of it.
    """

    here: Mapping[str, int]
    there: Mapping[str, int]
    speed: float = 30e6
    same: bool = False
    reading: Reading | None = None


def forecast(
    statements: Sequence[Statement], seen: Mapping[int, Observation], sizes: Sizes
) -> dict[int, float | None]:
    """Seconds on the target by ordinal."""
    lines = Counter(one.source for one in statements if one.source is not None)
    found: dict[int, float | None] = {}
    for statement in statements:
        one = seen.get(statement.ordinal)
        if statement.duration is None or one is None:
            found[statement.ordinal] = statement.duration if sizes.same else None
            continue
        loop = statement.source is not None and lines[statement.source] >= _LOOP
        found[statement.ordinal] = _of(statement.duration, one, sizes, loop)
    return found


def _of(seconds: float, one: Observation, sizes: Sizes, loop: bool) -> float | None:
    if sizes.same:
        return seconds
    tables = {*one.scanned, *one.rewritten, *one.changed} & (sizes.here.keys() | sizes.there.keys())
    if loop and not tables:
        tables = set(one.locks) & sizes.here.keys()
    if not tables:
        return seconds
    if not sizes.there:
        return None
    here = sum(sizes.here.get(name, 0) for name in tables)
    there = sum(sizes.there.get(name, 0) for name in tables)
    if here < _TELLING_BYTES:
        # the clone's tables are all but empty: what is known is how fast a server works through bytes
        worked = set(one.scanned) | set(one.rewritten)
        return seconds + sum(sizes.there.get(name, 0) for name in worked) / sizes.speed
    more = sizes.reading.more(one) if sizes.reading is not None else 0.0
    return seconds * scale(here, there, sorts=any(_BY_WORKERS in line for line in one.said)) + more


def scale(here: int, there: int, *, sorts: bool) -> float:
    """How many times as long the same work takes on `there` bytes as on `here`; `sorts`: by workers on both.

    >>> scale(10_000_000, 200_000_000, sorts=False)
    20.0
    """
    ratio = there / here
    if sorts and ratio > 1:
        ratio *= math.log(max(2, there / _ROW)) / math.log(max(2, here / _ROW))
    return ratio


def speed(observed: Sequence[tuple[float, Observation, Mapping[str, int]]]) -> float | None:
    """Bytes per second at which statements worked through tables on the clone; None where there was too little to say.

    `observed` are seconds, what was seen of each, and how large tables were.
    """
    worked = [
        (seconds, sum(here.get(name, 0) for name in {*one.scanned, *one.rewritten}))
        for seconds, one, here in observed
        if one.scanned or one.rewritten
    ]
    telling = [(seconds, size) for seconds, size in worked if size >= _TELLING_BYTES and seconds > 0]
    if not telling:
        return None
    return sum(size for _, size in telling) / sum(seconds for seconds, _ in telling)
