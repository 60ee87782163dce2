"""The lines that copy tables back: run, on a target whose migration dropped the column and the table."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from tests.support.projects import Rev

TABLES = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE account (id int PRIMARY KEY, note varchar(20), mood mood, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO account SELECT g, 'note ' || g, 'good' FROM generate_series(1, 50) g;
CREATE SCHEMA "Old one";
CREATE TABLE "Old one".account (id int, "select" numeric(9, 2)[]);
INSERT INTO "Old one".account SELECT g, ARRAY[g / 3.0] FROM generate_series(1, 30) g;
"""
LOSES = Rev("a1", "op.drop_column('account', 'note'); op.drop_table('account', schema='Old one')", "pass")


@pytest.fixture
def psql(pg_database) -> Any:
    """A function that runs a shell line on the server: its status and what it said."""
    server = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER"}
    found = {variable: pg_database.keywords[name] for name, variable in server.items()}
    environment = os.environ | found | {"PATH": f"{pg_database.server.bindir}:{os.environ['PATH']}"}

    def run(line: str) -> tuple[int, str]:
        done = subprocess.run(line, shell=True, env=environment, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stderr

    return run


def test_the_lines_bring_back_what_a_migration_dropped(pg_database, make_project, psql):
    pg_database.fetch(TABLES)
    was = pg_database.fetch("SELECT id, note, mood::text FROM account ORDER BY id")
    arrays = pg_database.fetch('SELECT * FROM "Old one".account ORDER BY id')
    project = make_project(url=pg_database.url(), revisions=[LOSES])
    project.run("upgrade", "--backup-full-below", "0", "--fail-on", "never").ok()
    beside = f"{pg_database.name}_repair"
    try:
        done = project.run("backup", "restore", "--beside", beside, "--format", "json", *_newest(project))
        assert done.exit == 0, done.stderr
        lines = [line for line in done.json()["copy_back"] if "account" in line]
        assert len(lines) == 2
        # what arrives only in part is not kept
        broken = lines[0].replace(") TO STDOUT", " LIMIT 3) TO STDOUT")
        status, said = psql(broken)
        assert (status != 0, "not all of" in said) == (True, True), said
        assert [psql(line) for line in lines] == [(0, "")] * 2
        assert psql(lines[0])[0] != 0  # what is there already is left as it is
    finally:
        pg_database.server.drop_database(beside)
    restored = "SELECT id, note, mood::text FROM restored_public_account ORDER BY id"
    assert pg_database.fetch(restored) == was
    assert pg_database.fetch('SELECT * FROM "restored_Old one_account" ORDER BY id') == arrays


def _newest(project: Any) -> tuple[str, ...]:
    (one,) = project.run("backup", "list", "--format", "json").ok().json()["backups"]
    assert one["manifest"]["scope"] == "touched"
    return (one["manifest"]["id"],)
