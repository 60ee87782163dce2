"""Which revision a schema is that of, and `stamp` with that proof: by the installed command, on real servers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.databases import MAJORS, TestDatabase
from tests.support.projects import Project, Rev

on_a_server = pytest.mark.skipif(MAJORS == (0,), reason="no PostgreSQL programs on this machine")

# a CHECK and a view that a dump and restore writes anew, a comment, a rename, data alone, a function
HISTORY = [
    Rev(
        "a1",
        """
        op.create_table(
            'users',
            sa.Column('id', sa.Integer, primary_key=True),
            sa.Column('kind', sa.String(20), sa.CheckConstraint("kind IN ('a', 'b')", name='ck_kind'), nullable=False),
        )
        """,
        "op.drop_table('users')",
    ),
    Rev("b2", "op.add_column('users', sa.Column('email', sa.String(50), server_default='x'))", "pass"),
    Rev("c3", "op.execute(\"UPDATE users SET kind = 'a'\")", "pass"),
    Rev("d4", "op.alter_column('users', 'email', type_=sa.String(100))", "pass"),
    Rev("e5", "op.create_index('ix_email', 'users', ['email'])", "op.drop_index('ix_email')"),
    Rev(
        "f6",
        "op.execute(\"CREATE VIEW people AS SELECT id, kind FROM users WHERE kind IN ('a', 'b')\")",
        "op.execute('DROP VIEW people')",
    ),
]


def identified(project: Project, exit_status: int) -> dict[str, Any]:
    done = project.run("identify", "--format", "json", timeout=180)
    assert done.exit == exit_status, done
    (target,) = done.json()["targets"]
    found: dict[str, Any] = target["identity"]
    return found


@on_a_server
@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_revision_is_told_and_a_wrong_stamp_is_found_and_mended(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    project = make_project(url=pg_database.url(), revisions=HISTORY)
    project.run_alembic("upgrade", "d4").ok()
    # as a careless cure leaves it
    pg_database.connect().execute("UPDATE alembic_version SET version_num = 'f6'")
    found = identified(project, 3)
    assert found["verdict"] == "stamped but never run"
    assert found["equal"] == [["d4"]]
    missing = {(one["kind"], one["name"]) for one in found["to_stamped"]["differences"]}
    assert missing == {("index", "ix_email"), ("view", "public.people")}

    refused = project.run("stamp", "e5", "--format", "json", timeout=120)
    assert refused.exit == 3, refused
    assert "is that of d4" in refused.json()["error"]["message"]
    assert pg_database.fetch("SELECT version_num FROM alembic_version") == [("f6",)]

    assert project.run("stamp", "d4", timeout=120).exit == 0
    assert identified(project, 0)["verdict"] == "as stamped"
    assert pg_database.fetch("SELECT command, heads_before, heads_after, outcome FROM alembic_safe.run") == [
        ("stamp", ["f6"], ["d4"], "done")
    ]
    # b2 and c3 have one schema, and both are told
    pg_database.connect().execute("ALTER TABLE users ALTER email TYPE varchar(50)")
    assert identified(project, 3)["equal"] == [["b2"], ["c3"]]
    # the scratch databases are gone
    assert pg_database.fetch(
        "SELECT count(*) FROM pg_database WHERE datname LIKE 'alembic_safe_scratch%'"
    ) == [(0,)]


@pytest.mark.long
@on_a_server
@pytest.mark.timeout(400)
def test_a_database_made_in_another_way_is_told_all_the_same(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    """As create_all() or a restore makes it: expressions read otherwise, columns stand in another order."""
    project = make_project(url=pg_database.url(), revisions=HISTORY)
    connection = pg_database.connect()
    connection.execute(
        """CREATE TABLE users (id serial PRIMARY KEY, email varchar(100) DEFAULT 'x', kind varchar(20) NOT NULL,
             CONSTRAINT kinds CHECK (kind::text = ANY (ARRAY['a'::varchar::text, 'b'::varchar::text])));
           CREATE INDEX ix_email ON users (email);
           CREATE VIEW people AS SELECT id, kind FROM users
             WHERE kind::text = ANY (ARRAY['a'::varchar::text, 'b'::varchar::text]);
           CREATE TABLE theirs (x int)"""
    )
    found = identified(project, 3)
    assert (found["verdict"], found["equal"]) == ("never stamped", [["f6"]])
    assert found["compared"]["order"] == ["public.users"]
    assert found["compared"]["names"] == ["constraint ck_kind of public.users is called kinds"]
    assert found["compared"]["beside"] == ["public.theirs"]

    assert project.run("stamp", "head", timeout=120).exit == 0
    connection.execute("ALTER TABLE users ALTER email TYPE varchar(99), ADD note text")
    done = project.run("upgrade", "--check-drift", "--format", "json", timeout=120)
    assert done.exit == 3, done
    error = done.json()["error"]
    assert "2 parts differ" in error["message"]
    assert "ALTER TABLE public.users ALTER COLUMN email TYPE character varying(100);" in error["detail"]
    assert "ALTER TABLE public.users DROP COLUMN note;" in error["detail"]


@pytest.mark.slow
@pytest.mark.timeout(400)
@on_a_server
def test_a_schema_is_no_proof_of_the_rows_that_a_half_applied_revision_was_to_write(
    make_project: Callable[..., Project], pg_database: TestDatabase
) -> None:
    half = """
    with op.get_context().autocommit_block():
        op.add_column('t', sa.Column('y', sa.Integer))
        op.execute('update t set y = 1 where id <= 3')
        raise RuntimeError('three of ten rows')
    """
    pg_database.connect().execute("create table t as select n as id from generate_series(1, 10) n")
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", "pass"), Rev("b2", half)])
    assert project.run("upgrade", "--no-backup=test", "--fail-on", "never").exit == 6
    refused = project.run("stamp", "b2")
    assert (refused.exit, "recover" in refused.stderr) == (6, True), refused
    assert pg_database.fetch("select version_num from alembic_version") == [("a1",)]
    assert project.run("status").exit == 6


def test_an_sqlite_file_made_by_hand_is_adopted(make_project: Callable[..., Project]) -> None:
    revisions = [
        Rev(
            "a1", "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))", "op.drop_table('t')"
        ),
        Rev("b2", "op.add_column('t', sa.Column('name', sa.String(20)))", "op.drop_column('t', 'name')"),
        Rev("c3", "op.create_index('ix_name', 't', ['name'])", "op.drop_index('ix_name')"),
    ]
    project = make_project(revisions=revisions)
    database = sqlite3.connect(project.database_file)
    # as create_all() and people write it
    database.executescript('create table "t" (id integer not null, name varchar(20), primary key (id));')
    found = identified(project, 3)
    assert (found["verdict"], found["equal"]) == ("never stamped", [["b2"]])
    assert project.run("stamp", "heads").exit == 3
    assert project.run("stamp", "b2").exit == 0
    assert database.execute("select version_num from alembic_version").fetchall() == [("b2",)]
    forced = project.run("stamp", "heads", "--force=the index is made tonight", "--format", "json")
    assert forced.exit == 0, forced
    assert database.execute("select version_num from alembic_version").fetchall() == [("c3",)]
    database.close()
