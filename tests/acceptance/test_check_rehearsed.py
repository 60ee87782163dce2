"""`check --rehearse`: what is under review runs on what the history before makes, which is kept by its content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.databases import MAJORS, TestDatabase
from tests.support.projects import Project, Rev

pytestmark = pytest.mark.skipif(MAJORS == (0,), reason="no PostgreSQL programs on this machine")

LONG = 240.0
FIRST = Rev(
    "a1",
    "op.create_table('orders', sa.Column('id', sa.Integer, primary_key=True), sa.Column('note', sa.Text))\n"
    "op.execute(\"insert into orders select g, 'x' from generate_series(1, 100) g\")",
)
# cannot be read: it asks the database
LATER = Rev(
    "b2",
    "if op.get_bind().execute(sa.text('select count(*) from orders')).scalar_one():\n"
    "    op.create_index('ix_note', 'orders', ['note'])",
)


def test_the_history_before_is_replayed_once_and_what_ran_is_judged(
    make_project: Callable[..., Project], pg_database: TestDatabase, tmp_path: Path
) -> None:
    project = make_project(url="postgresql+psycopg://nowhere.invalid/none", revisions=[FIRST, LATER])
    given = {
        "ALEMBIC_SAFE_SCRATCH": pg_database.server.url("psycopg").replace("+psycopg", ""),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    words = ("check", "b2", "--rehearse", "--dialect", "postgresql", "--format", "json")
    dumped: list[int] = []
    for _ in range(2):
        done = project.run(*words, env=given, timeout=LONG)
        document = done.json()
        (target,) = document["rehearsed"]
        assert (target["heads_before"], target["heads_after"]) == (["a1"], ["b2"]), done
        (revision,) = target["revisions"]
        index = revision["statements"][-1]
        assert index["sql"].startswith("CREATE INDEX ix_note")
        assert index["scanned"] == ["orders"], "the rows of the history before are there"
        assert document["revisions"][0]["not_inspectable"] is None
        assert "index-build-blocks-writes" in {one["rule"] for one in document["findings"]}
        assert document["scratch"] == [], "what ran need not be run again to be read"
        (base,) = (tmp_path / "cache/alembic-safe/bases").iterdir()
        dumped.append((base / "base.json").stat().st_mtime_ns)
    assert dumped[0] == dumped[1], "the second run replayed it again"
    # one that does not load is made anew
    (toc,) = (tmp_path / "cache/alembic-safe/bases").glob("*/dump/toc.dat")
    toc.write_bytes(b"x" * toc.stat().st_size)
    assert project.run(*words, env=given, timeout=LONG).json()["rehearsed"][0]["heads_after"] == ["b2"]
    assert toc.read_bytes() != b"x" * toc.stat().st_size
    # another history before is another base state
    (file,) = project.versions.glob("a1_*.py")
    file.write_text(file.read_text().replace("generate_series(1, 100)", "generate_series(1, 0)"))
    document = project.run(*words, env=given, timeout=LONG).json()
    statements = document["rehearsed"][0]["revisions"][0]["statements"]
    assert not any(one["sql"].startswith("CREATE INDEX") for one in statements)
    assert pg_database.fetch("select datname from pg_database where datname like 'alembic_safe%'") == []


@pytest.mark.long
def test_a_revision_that_fails_there_fails_the_review(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    bad = Rev(
        "b2", "op.get_bind().execute(sa.text('select 1'))\nop.execute('alter table orders drop column gone')"
    )
    project = make_project(url="postgresql+psycopg://nowhere.invalid/none", revisions=[FIRST, bad])
    given = {"ALEMBIC_SAFE_SCRATCH": pg_database.server.url("psycopg").replace("+psycopg", "")}
    done = project.run(
        "check", "--all", "--rehearse", "--dialect", "postgresql", "--format", "json", env=given, timeout=LONG
    )
    assert done.exit == 5, done
    assert "revision b2 fails on a clone" in done.json()["error"]["message"]
