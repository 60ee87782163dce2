"""A backup restored in the place of its target is the original again, object by object."""

from __future__ import annotations

import itertools
import threading
import time

import psycopg
import pytest

from alembic_safe.databases import open_database
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.targets import ConnectParameters, VersionTable
from tests.integration.restore.conftest import picture
from tests.support.databases import DEFAULT_DRIVER
from tests.support.projects import Rev

REVISIONS = [Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer))", "op.drop_table('t')")]


@pytest.mark.slow
def test_what_is_restored_is_the_original(any_pg_database, make_project, fill):
    database = any_pg_database
    fill(database)
    project = make_project(url=database.url(), revisions=REVISIONS)
    project.run("upgrade", "--no-backup=a test").ok()
    before = picture(database)
    project.run("backup", "create").ok()
    database.fetch("INSERT INTO t SELECT generate_series(1, 30)")
    database.fetch("DROP TABLE customer CASCADE")
    database.fetch("SELECT lo_unlink(oid) FROM pg_largeobject_metadata")

    done = project.run("backup", "restore", "--yes", "--format", "json")

    assert done.exit == 0, done.stderr
    assert picture(database) == before
    document = done.json()
    assert document["heads"] == ["a1"]
    assert document["rows"] > 1500
    assert "public.customer is no longer there (1001 rows come back)" in document["since"]
    kept = database.server.connect(document["kept"])
    assert kept.execute("SELECT count(*) FROM t").fetchone() == (30,)
    kept.close()
    runs = project.run("history", "--format", "json").json()["runs"]
    assert [(one["run"]["command"], one["run"]["outcome"]) for one in runs] == [
        ("restore", "done"),
        ("upgrade", "done"),
    ]
    assert project.run("upgrade", "--no-backup=a test").exit == 0


@pytest.mark.long
def test_an_application_sees_one_database_or_the_other(any_pg_database, make_project):
    project = make_project(url=any_pg_database.url(), revisions=REVISIONS)
    project.run("upgrade", "--no-backup=a test").ok()
    any_pg_database.fetch("CREATE TABLE side AS SELECT 'old' AS side")
    any_pg_database.fetch("INSERT INTO t SELECT generate_series(1, 1000)")
    project.run("backup", "create").ok()
    any_pg_database.fetch("UPDATE side SET side = 'new'; INSERT INTO t SELECT generate_series(1001, 1500)")
    seen: list[tuple[float, object]] = []
    stop = threading.Event()

    def apply() -> None:
        while not stop.is_set():
            try:
                with any_pg_database.server.connect(
                    any_pg_database.name, application_name="shop"
                ) as connection:
                    while not stop.is_set():
                        with connection.transaction():
                            connection.execute("INSERT INTO t VALUES (0)")
                            row = connection.execute(
                                "SELECT (SELECT side FROM side), (SELECT count(*) FROM t WHERE id > 0)"
                            ).fetchone()
                        seen.append((time.monotonic(), row))
            except psycopg.Error as error:
                seen.append((time.monotonic(), error))
                time.sleep(0.01)

    applications = [threading.Thread(target=apply) for _ in range(3)]
    for one in applications:
        one.start()
    refused = project.run("backup", "restore", "--yes")
    done = project.run("backup", "restore", "--yes", "--end-sessions", "--format", "json")
    time.sleep(0.3)
    stop.set()
    for one in applications:
        one.join()

    assert refused.exit == 3
    assert "sessions are connected" in refused.stderr
    assert done.exit == 0, done.stderr
    rows = [row for _, row in seen if isinstance(row, tuple)]
    assert set(rows) == {("new", 1500), ("old", 1000)}
    assert rows.index(("old", 1000)) > 0
    assert rows[-1] == ("old", 1000)
    answered = sorted(at for at, row in seen if isinstance(row, tuple))
    assert max(b - a for a, b in itertools.pairwise(answered)) < 5
    kept = any_pg_database.server.connect(done.json()["kept"])
    assert kept.execute("SELECT side FROM side").fetchone() == ("new",)
    kept.close()
    any_pg_database.server.drop_database(done.json()["kept"])


def test_a_lock_that_a_restore_holds_beside_keeps_everybody_out(pg_database):
    def opened(keywords):
        return open_database(
            ConnectParameters("postgresql", "psycopg", keywords), policy=ControlPolicy(connect_timeout=10)
        )

    mine, beside, other = (
        opened(one) for one in (pg_database.keywords, pg_database.server.keywords(), pg_database.keywords)
    )
    try:
        held = mine.deploy_lock([VersionTable()])
        moved = held.elsewhere(beside)
        theirs = other.deploy_lock([VersionTable()])
        assert held.try_take()
        assert moved.try_take()
        held.release()
        assert not theirs.try_take()
        assert theirs.holder().startswith("pid ")
        moved.release()
        assert theirs.try_take()
        theirs.release()
    finally:
        for one in (mine, beside, other):
            one.close()


@pytest.mark.slow
def test_a_backup_is_restored_on_a_server_of_this_machine_to_see_whether_it_can_be(
    pg_database, make_project, fill
):
    fill(pg_database)
    project = make_project(url=pg_database.url(), revisions=REVISIONS)
    project.run("upgrade", "--no-backup=a test").ok()
    project.run("backup", "create").ok()
    done = project.run("backup", "verify", "--restore", "--format", "json")
    assert done.exit == 0, done.stderr
    (proof,) = done.json()["proofs"]
    assert (proof["faults"], proof["rows"] > 1500) == ([], True)
    assert "temporary server" in proof["where"]
    assert "restored" in project.run("status").stdout


def test_a_restore_goes_to_another_server_only_when_it_is_told_so(pg_database, make_project):
    project = make_project(url=pg_database.url(), revisions=REVISIONS)
    project.run("upgrade", "--no-backup=a test").ok()
    backup = project.run("backup", "create", "--format", "json").ok().json()["backups"][0]["manifest"]["id"]
    project.ini.write_text(
        project.ini.read_text().replace(pg_database.url(), f"postgresql+{DEFAULT_DRIVER}://h:1/gone")
    )
    (project.path / "pyproject.toml").write_text('[tool.alembic-safe]\ncontrol-url = "env:ADMIN"\n')
    beside = f"{pg_database.name}_beside"
    admin = {"ADMIN": pg_database.url().replace(f"+{DEFAULT_DRIVER}", "")}
    restore = ("backup", "restore", backup)

    lost = project.run(*restore, "--beside", beside, env=admin)
    assert lost.exit == 9, "what the file says of our own connection sends no restore anywhere"
    assert project.run(*restore, "--restore-url", "env:ADMIN", "--yes", env=admin).exit == 2
    try:
        project.run(*restore, "--beside", beside, "--restore-url", "env:ADMIN", env=admin).ok()
        assert pg_database.fetch("SELECT 1 FROM pg_database WHERE datname = %s", [beside]) == [(1,)]
    finally:
        pg_database.fetch(f'DROP DATABASE IF EXISTS "{beside}"')
