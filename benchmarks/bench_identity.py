"""Telling a database's revision among 100: cold (the history replayed) and warm (known from before), every revision.

The history has columns, checks that a dump writes anew, views, indexes, functions, and data alone. Each revision is
told apart from its neighbours, or reported equal with them. `python -m benchmarks.bench_identity [REVISIONS]`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
from alembic_safe.model.identity import Identity
from alembic_safe.settings import load_settings
from alembic_safe.workflow import identify

_REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "r{n:03}", {down!r}
def upgrade():
    {body}
def downgrade():
    pass
"""
_BODIES = (
    "op.create_table('t{n}', sa.Column('id', sa.Integer, primary_key=True), sa.Column('kind', sa.String(20),"
    " sa.CheckConstraint(\"kind IN ('a', 'b{n}')\", name='ck{n}')))",
    "op.add_column('t{t}', sa.Column('c{n}', sa.String(50), server_default='x'))",
    "op.alter_column('t{t}', 'kind', nullable=False)",
    "op.create_index('ix{n}', 't{t}', ['kind'])",
    "op.execute(\"UPDATE t{t} SET kind = 'a'\")",
    "op.execute(\"CREATE VIEW v{n} AS SELECT id FROM t{t} WHERE kind IN ('a', 'b')\")",
    "op.create_foreign_key('fk{n}', 't{t}', 't0', ['id'], ['id'])",
    "op.execute(\"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT {n}'\")",
    "op.create_check_constraint('ck{n}', 't{t}', \"kind IN ('a', 'c')\")",
    "op.execute(\"COMMENT ON TABLE t{t} IS 'of {n}'\")",
)
_ALIKE = 4  # the body that changes no schema: that revision is its neighbour's equal


def main(count: int, step: int) -> None:
    """Print the first (cold) time and the median of the others (warm), and fail where one is told wrong."""
    binaries = max(find_binaries(), key=lambda one: one.major)
    with tempfile.TemporaryDirectory() as folder, TemporaryServer(binaries) as server:
        server.create_database("app")
        os.environ["XDG_CACHE_HOME"] = folder
        os.chdir(_project(Path(folder), server.url("psycopg", "app"), count))
        _alembic("r000")
        before = _used()
        cold, first = _identified("r000")
        assert not first.kept
        used, warm = [_used() - before], []
        for number in range(step, count, step):
            _alembic(f"r{number:03}")
            before = _used()
            took, found = _identified(f"r{number:03}")
            assert found.kept, found.notes
            warm.append(took)
            used.append(_used() - before)
    print(f"PostgreSQL {binaries.version}, {count} revisions, {len(warm) + 1} of them told")
    print(f"  cold                     {cold:6.2f} s, of which {used[0]:.2f} s of our processes")
    print(f"  warm, median             {statistics.median(warm):6.2f} s, {statistics.median(used[1:]):.2f} s")
    print(f"  warm, longest            {max(warm):6.2f} s, {max(used[1:]):.2f} s")


def _used() -> float:
    """Seconds of processor time of this process and its ended children; a server's are not among them."""
    return sum(os.times()[:4])


def _identified(revision: str) -> tuple[float, Identity]:
    settings = load_settings("identify", {}, os.environ, Path.cwd())
    began = time.perf_counter()
    (target,) = identify(settings).targets
    took = time.perf_counter() - began
    number = int(revision[1:])
    alike = {number}
    if number % len(_BODIES) == _ALIKE:
        alike.add(number - 1)
    if number % len(_BODIES) == _ALIKE - 1:
        alike.add(number + 1)
    expected = tuple((f"r{one:03}",) for one in sorted(alike))
    assert target.identity.equal == expected, (target.identity.equal, expected)
    return took, target.identity


def _alembic(revision: str) -> None:
    subprocess.run([sys.executable, "-m", "alembic", "upgrade", revision], check=True, capture_output=True)


def _project(folder: Path, url: str, count: int) -> Path:
    project = folder / "project"
    subprocess.run(
        [sys.executable, "-m", "alembic", "init", "migrations"],
        cwd=(project.mkdir() or project),
        check=True,
        capture_output=True,
    )
    ini = project / "alembic.ini"
    text = ini.read_text().replace("driver://user:pass@localhost/dbname", url.replace("%", "%%"))
    ini.write_text(text)
    down = None
    for n in range(count):
        body = _BODIES[n % len(_BODIES)].format(n=n, t=n // len(_BODIES) * len(_BODIES))
        source = _REVISION.format(n=n, down=down, body=body)
        (project / "migrations/versions" / f"r{n:03}.py").write_text(source)
        down = f"r{n:03}"
    return project


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
