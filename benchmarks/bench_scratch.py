"""A history replayed on a scratch: 100 revisions, against `alembic upgrade head` of the same on the same server.

Told apart: the server's start, the database, and the revisions. `python -m benchmarks.bench_scratch [REVISIONS]`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import Job
from alembic_safe.bridge.scratch import Observer, played
from alembic_safe.databases import ScratchPlace, open_scratch
from alembic_safe.model.events import ignore
from alembic_safe.model.scratch import ScratchPolicy

_ROUNDS = 3
_RUN = "20261122T000000Z-00be0c"
_REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "r{n:03}", {down!r}
def upgrade():
    op.create_table("t{n}", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
    op.create_index("ix{n}", "t{n}", ["name"])
    if op.get_bind().execute(sa.text("select count(*) from t{n}")).scalar_one() == 0:
        op.add_column("t{n}", sa.Column("more", sa.Integer, server_default="0"))
def downgrade():
    op.drop_table("t{n}")
"""


def main(count: int) -> None:
    """Print medians of three rounds, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        ini = _project(Path(folder), count)
        began = time.perf_counter()
        place = open_scratch(ScratchPolicy(), dialect="postgresql", run=_RUN)
        if place is None:
            sys.exit("no PostgreSQL server programs here: pip install 'alembic-safe[embedded]'")
        started = time.perf_counter() - began
        with place, Workers(ignore, start_timeout=120) as workers:
            rounds = [(_ours(place, workers, ini, count), _alembic(place, ini)) for _ in range(_ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{place.server.words}, {count} revisions of 4 statements, medians of {_ROUNDS}")
    print(f"  server started in              {started:6.2f} s")
    print(f"  replayed on a scratch          {ours:6.2f} s  ({ours / count * 1000:.1f} ms a revision)")
    print(f"  `alembic upgrade head` there   {theirs:6.2f} s")
    print(f"  ratio                          {ours / theirs:6.2f}")


def _ours(place: ScratchPlace, workers: Workers, ini: Path, count: int) -> float:
    job = Job("apply", (str(ini),), "alembic", (), "heads", "upgrade", "alembic-safe/bench", with_values=True)
    began = time.perf_counter()
    found = played(place, workers, (job,), sink=ignore, tick=lambda: None, observer=Observer)
    for clone in found.clones:
        place.drop(clone)
    took = time.perf_counter() - began
    (replay,) = found.replays
    statements = sum(len(one.statements) for target in replay.targets for one in target.listings)
    assert (replay.fault, replay.steps, statements) == (None, count, 4 * count), replay.fault
    return took


def _alembic(place: ScratchPlace, ini: Path) -> float:
    clone = place.make()
    url = f"postgresql+psycopg://{clone.keywords['user']}@/{clone.name}?host={clone.keywords['host']}"
    command = [sys.executable, "-m", "alembic", "-c", str(ini), "-x", f"url={url}", "upgrade", "head"]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    took = time.perf_counter() - began
    place.drop(clone)
    return took


def _project(folder: Path, count: int) -> Path:
    downs = [f"r{number - 1:03}" if number else None for number in range(count)]
    return project_of(folder, {f"r{n:03}": _REVISION.format(n=n, down=down) for n, down in enumerate(downs)})


def project_of(folder: Path, texts: Mapping[str, str]) -> Path:
    """The alembic.ini of a project with these revisions by id; `-x url=URL` says where its database is."""
    scripts = folder / "migrations"
    subprocess.run(
        [sys.executable, "-m", "alembic", "init", str(scripts)], cwd=folder, check=True, capture_output=True
    )
    ini = folder / "alembic.ini"
    env = scripts / "env.py"
    env.write_text(
        env.read_text().replace(
            "config = context.config",
            "config = context.config\n"
            "url = context.get_x_argument(as_dictionary=True).get('url', 'postgresql+psycopg:///shop')\n"
            "config.set_main_option('sqlalchemy.url', url)",
        )
    )
    for name, text in texts.items():
        (scripts / "versions" / f"{name}.py").write_text(text)
    return ini


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
