"""Several targets, and branches that stand as no upgrade passes them: each told by itself. Without the command."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from alembic_safe.model.identity import Identity
from alembic_safe.settings import load_settings
from alembic_safe.workflow import identify
from tests.support.databases import MAJORS, TestDatabase
from tests.support.projects import Project, Rev

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

MULTI = [
    Rev(
        "a1",
        {
            "engine1": "op.execute('CREATE TABLE t (x int)')",
            "engine2": "op.execute('CREATE TABLE u (x int)')",
        },
    ),
    Rev("b2", {"engine1": "op.execute('CREATE TABLE v (x int)')"}),
    Rev("c3", {"engine2": "op.execute('CREATE TABLE w (x int)')"}),
]


def told(project: Project, monkeypatch: pytest.MonkeyPatch, cache: Path) -> list[Identity]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.chdir(project.path)
    return [one.identity for one in identify(load_settings("identify", {}, os.environ, project.path)).targets]


def test_each_of_several_files_is_told(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = make_project(template="multidb", revisions=MULTI)
    project.run_alembic("upgrade", "b2").ok()
    for kept in (False, True):
        one, two = told(project, monkeypatch, tmp_path)
        assert (one.equal, one.verdict) == ((("b2",), ("c3",)), "as stamped")
        assert (two.equal, two.verdict) == ((("a1",), ("b2",)), "as stamped")
        assert (one.kept, two.kept) == (kept, kept)


@pytest.mark.long
@pytest.mark.skipif(MAJORS == (0,), reason="no PostgreSQL programs on this machine")
def test_each_of_several_tenants_in_one_database_is_told(
    make_project: Callable[..., Project],
    pg_database: TestDatabase,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    env = """
        from alembic import context
        from sqlalchemy import create_engine, text
        engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
        for tenant in ("north", "south"):
            with engine.begin() as connection:
                connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {tenant}"))
            with engine.connect() as connection:
                with connection.begin():
                    connection.execute(text(f"SET search_path TO {tenant}"))
                connection.dialect.default_schema_name = tenant
                context.configure(connection=connection, version_table_schema=tenant)
                with context.begin_transaction():
                    context.run_migrations()
        """
    revisions = [
        Rev("a1", "op.create_table('t', sa.Column('x', sa.Integer))"),
        Rev("b2", "op.add_column('t', sa.Column('y', sa.Integer))"),
    ]
    project = make_project(url=pg_database.url(), env=env, revisions=revisions)
    project.run_alembic("upgrade", "head").ok()
    pg_database.connect().execute("ALTER TABLE south.t DROP COLUMN y")
    north, south = told(project, monkeypatch, tmp_path)
    assert (north.verdict, north.equal) == ("as stamped", (("b2",),))
    assert (south.verdict, south.equal) == ("stamped but never run", (("a1",),))
    assert south.to_stamped is not None
    assert [str(one) for one in south.to_stamped.differences] == ["column y of south.t: missing"]


def test_branches_are_told_where_no_upgrade_to_the_heads_passes(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def made(name: str) -> str:
        return f"op.create_table({name!r}, sa.Column('x', sa.Integer))"

    revisions = [Rev("a1", made("a")), Rev("b1", made("b"), down="a1"), Rev("c1", made("c"), down="a1")]
    project = make_project(revisions=revisions)
    project.run_alembic("upgrade", "c1").ok()
    (found,) = told(project, monkeypatch, tmp_path)
    assert found.verdict == "as stamped", found
    assert found.to_stamped is not None
    assert found.to_stamped.equal
    # a file changes: what was kept is no longer what the history makes
    (file,) = project.versions.glob("b1_*.py")
    file.write_text(file.read_text().replace("create_table('b'", "create_table('z'"))
    database = sqlite3.connect(project.database_file)
    database.execute("DROP TABLE c")
    database.close()
    (found,) = told(project, monkeypatch, tmp_path)
    assert (found.equal, found.verdict) == ((("a1",),), "stamped but never run")
    assert not found.kept
