"""A restore that is killed once its copy is loaded and compared: the next command puts that copy in place."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.support.processes import kill_group, wait_until
from tests.support.projects import Rev

REVISIONS = [Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer))", "op.drop_table('t')")]


@pytest.mark.long
@pytest.mark.timeout(400)
def test_what_was_compared_before_a_kill_is_used_by_the_next(pg_database, make_project):
    project = make_project(url=pg_database.url(), revisions=REVISIONS)
    project.run("upgrade", "--no-backup=a test").ok()
    identifier = project.run("backup", "create", "--format", "json").json()["backups"][0]["manifest"]["id"]
    pg_database.fetch("INSERT INTO t VALUES (1)")

    def beside(said: str) -> Any:
        # asked of another database: who is connected to the target stands in the restore's way
        with pg_database.server.connect() as connection:
            return connection.execute(
                "SELECT datname::text, oid::int FROM pg_database WHERE datname LIKE %s"
                " AND shobj_description(oid, 'pg_database') LIKE %s",
                (f"{pg_database.name}_restoring_%", f"alembic-safe: {said} %"),
            ).fetchall()

    process = project.start("backup", "restore", "--yes")
    # the record of what was proven is written after the copy is sealed: a pipe that nobody reads stops it there
    pipe = project.path / ".alembic-safe" / "backups" / identifier / "restored.json.new"
    try:
        wait_until(lambda: beside("restoring"), 120, "the copy to be made")
        os.mkfifo(pipe)
        wait_until(lambda: beside("verified"), 120, "the copy to be sealed")
        sealed = beside("verified")
    finally:
        kill_group(process)
        process.communicate()
        pipe.unlink(missing_ok=True)
    assert pg_database.fetch("SELECT id FROM t") == [(1,)]

    done = project.run("backup", "restore", "--yes", "--format", "json", timeout=120)

    assert done.exit == 0, done.stderr
    assert f"{sealed[0][0]} is restored and compared already" in done.stderr
    assert pg_database.fetch("SELECT count(*) FROM t") == [(0,)]
    same = "SELECT oid::int FROM pg_database WHERE datname = current_database()"
    assert pg_database.fetch(same) == [(sealed[0][1],)]
    assert not beside("")
    pg_database.server.drop_database(done.json()["kept"])
