"""What looking at each statement of a rehearsal costs: 100 statements, with and without the look, in turn.

Once on tables with rows, and once on empty ones, where a statement takes no longer than a query of ours.
`python -m benchmarks.bench_trace [ROWS]`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import Job
from alembic_safe.bridge.scratch import Replayed, played
from alembic_safe.databases import ScratchPlace, open_scratch
from alembic_safe.model.events import ignore
from alembic_safe.model.scratch import ScratchPolicy
from alembic_safe.rehearsal.watching import Watch
from benchmarks.bench_scratch import project_of

_PAIRS, _REVISIONS = 5, 20
_RUN = "20261122T000000Z-00be0d"
_TABLES = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "r000", None
def upgrade():
    for n in range(1, {count} + 1):
        op.execute(f"create table t{{n}} as select g as id, md5(g::text) as name from generate_series(1, {rows}) g")
"""
_REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "r{n:03}", "r{down:03}"
def upgrade():
    op.add_column("t{n}", sa.Column("more", sa.Integer, server_default="0"))
    op.create_index("ix{n}", "t{n}", ["name"])
    op.execute("update t{n} set more = id where id % 10 = 0")
    op.alter_column("t{n}", "name", nullable=False)
    op.get_bind().execute(sa.text("select count(*) from t{n} where more > 0")).scalar_one()
"""


def main(rows: int) -> None:
    """Print, for tables with and without rows, the medians of the pairs."""
    place = open_scratch(ScratchPolicy(), dialect="postgresql", run=_RUN)
    if place is None:
        sys.exit("no PostgreSQL server programs here: pip install 'alembic-safe[embedded]'")
    with place, Workers(ignore, start_timeout=120) as workers:
        print(f"{place.server.words}, {_REVISIONS * 5} statements, medians of {_PAIRS} pairs")
        for count in (rows, 0):
            with tempfile.TemporaryDirectory() as folder:
                _measure(place, workers, _project(Path(folder), count), count)


def _measure(place: ScratchPlace, workers: Workers, ini: Path, rows: int) -> None:
    shares, ratios, each = [], [], []
    for _ in range(_PAIRS + 1):
        without, _ = _played(place, workers, ini, trace=False)
        with_look, probing = _played(place, workers, ini, trace=True)
        took = _statements(with_look)
        shares.append(probing / took)
        ratios.append(with_look.seconds / without.seconds)
        each.append(took / (_REVISIONS * 5))
    share, ratio = statistics.median(shares[1:]), statistics.median(ratios[1:])
    print(
        f"  {rows:>7} rows a table: a statement {statistics.median(each[1:]) * 1000:6.2f} ms, looking {share:6.1%} of"
        f" the statements' time; all of it {ratio:.2f} times as long as without looking"
    )


def _played(place: ScratchPlace, workers: Workers, ini: Path, *, trace: bool) -> tuple[Replayed, float]:
    """What ran after the tables were made, and how long looking took."""
    watch = Watch(("upgrade", "upgrade"))
    job = Job("apply", (str(ini),), "alembic", (), "heads", "upgrade", "alembic-safe/bench", with_values=True)
    jobs = (replace(job, destination="r000"), replace(job, trace=trace))
    found = played(place, workers, jobs, sink=ignore, tick=lambda: None, observer=lambda: watch)
    for clone in found.clones:
        place.drop(clone)
    ran = found.replays[-1]
    assert (ran.fault, ran.steps) == (None, _REVISIONS), ran.fault
    return ran, sum(step.probing for step in watch.steps)


def _statements(ran: Replayed) -> float:
    listings = [listing for target in ran.targets for listing in target.listings]
    return sum(one.duration or 0.0 for listing in listings for one in listing.statements)


def _project(folder: Path, rows: int) -> Path:
    texts = {"r000": _TABLES.format(count=_REVISIONS, rows=rows)}
    for number in range(1, _REVISIONS + 1):
        texts[f"r{number:03}"] = _REVISION.format(n=number, down=number - 1)
    return project_of(folder, texts)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
