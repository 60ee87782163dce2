"""Scopes, retention and commands of the user's, as the installed command on a real project and server."""

from __future__ import annotations

import json
import sys

import pytest

from tests.support.projects import Rev

pytestmark = pytest.mark.timeout(400)  # a dozen commands, on a machine that may do other things

TABLES = """
CREATE TABLE account (id int PRIMARY KEY, name text);
INSERT INTO account SELECT g, 'name ' || g FROM generate_series(1, 500) g;
CREATE TABLE visit (id int PRIMARY KEY, account int REFERENCES account ON DELETE CASCADE);
INSERT INTO visit SELECT g, 1 + g % 500 FROM generate_series(1, 900) g;
CREATE TABLE other (id int PRIMARY KEY, filler text);
INSERT INTO other SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, 4000) g;
"""
LOSES = Rev("a1", "op.execute('DELETE FROM account WHERE id > 400')", "pass")
ADDS = Rev("b2", "op.add_column('other', sa.Column('more', sa.Integer))", "op.drop_column('other', 'more')")
ALLOW = ("--fail-on", "never")


def manifest_of(project, name):
    return json.loads((project.path / f".alembic-safe/backups/{name}/manifest.json").read_text())["manifest"]


@pytest.mark.long
def test_a_large_database_is_backed_up_as_far_as_the_plan_can_lose(pg_database, make_project):
    pg_database.fetch(TABLES)
    project = make_project(url=pg_database.url(), revisions=[LOSES])
    large = ("--backup-full-below", "0", "--format", "json", *ALLOW)

    planned = project.run("plan", "--backup-full-below", "0", "--format", "json").ok().json()
    foreseen = planned["targets"][0]["backup"]
    assert (foreseen["scope"], foreseen["engine"], foreseen["way_back"]) == (
        "touched",
        "pg_dump",
        "copy back",
    )
    assert foreseen["tables"] == ["public.account", "public.visit"]
    assert not pg_database.fetch("SELECT FROM pg_namespace WHERE nspname = 'alembic_safe'")

    first = project.run("upgrade", *large).ok().json()
    assert first["targets"][0]["way_back_kind"] == "copy back"
    manifest = manifest_of(project, first["targets"][0]["backup"])
    assert (manifest["scope"], manifest["why"]) == (foreseen["scope"], foreseen["why"])
    rows = {table["name"]: table["rows"] for table in manifest["tables"]}
    assert rows == {"public.account": 500, "public.visit": 900}
    assert "public.account" in manifest["why"]
    journal = pg_database.fetch("SELECT count(*) FROM pg_tables WHERE schemaname = 'alembic_safe'")[0][0]
    assert manifest["left_out"] == 1 + journal  # `other`, and our own
    assert first["targets"][0]["way_back"].startswith("copy back: backup ")
    assert "public.visit" in first["targets"][0]["way_back"]

    project.add_revision(ADDS.id, upgrade=ADDS.upgrade, downgrade=ADDS.downgrade)
    second = project.run("upgrade", *large).ok().json()
    manifest = manifest_of(project, second["targets"][0]["backup"])
    assert manifest["scope"] == "schema"
    # the version row is always in it: without it nobody knows what the schema is of
    assert [table["name"] for table in manifest["tables"]] == ["public.alembic_version"]
    assert second["targets"][0]["way_back"].startswith("downgrade, not rehearsed: back to a1")

    listed = project.run("backup", "list", "--format", "json").ok().json()["backups"]
    assert [one["manifest"]["scope"] for one in listed] == ["schema", "touched"]
    verified = project.run("backup", "verify", "--max-age", "1h", "--format", "json").ok().json()
    assert verified["verifications"][0]["faults"] == []
    old = project.run("backup", "verify", "--max-age", "0")
    assert old.exit == 7
    assert "old" in old.stderr

    # the last run's backup stays, and the small one pushes out nothing that is the last of its kind
    kept = project.run("backup", "prune", "--keep-daily", "0", "--keep-weekly", "0", "--keep-monthly", "0",
                       "--format", "json").ok().json()  # fmt: skip
    assert [(one["keep"], one["removed"]) for one in kept["backups"]] == [(True, False), (False, True)]
    assert len(project.run("backup", "list", "--format", "json").json()["backups"]) == 1


@pytest.mark.long
def test_no_backup_takes_a_reason_and_a_small_database_is_backed_up_whole(make_project):
    project = make_project(revisions=[Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer))", "pass")])
    refused = project.run("upgrade", "--backup-scope", "none")
    assert refused.exit == 2
    assert "--no-backup=REASON" in refused.stderr
    project.run("upgrade").ok()
    made = project.run("backup", "create", "--backup-scope", "touched", "--format", "json").ok().json()
    assert made["backups"][0]["manifest"]["scope"] == "full"  # SQLite is always whole


COMMAND = """
import datetime, os
e = os.environ
assert not any(name.startswith("ALEMBIC_SAFE_") for name in e), sorted(e)
print("some tool says something")
print("backup-id=snap-1")
print("backup-system=" + e["SAFE_BACKUP_SYSTEM"])
print("backup-finished=" + datetime.datetime.now(datetime.timezone.utc).isoformat())
print("backup-location=s3://snapshots/snap-1")
"""


def test_a_command_of_the_users_makes_the_backup(pg_database, make_project):
    pg_database.fetch(TABLES)
    project = make_project(url=pg_database.url(), revisions=[LOSES], files={"snapshot.py": COMMAND})
    command = f"{sys.executable} {project.path}/snapshot.py"
    done = project.run("upgrade", "--backup-command", command, "--format", "json", *ALLOW).ok().json()
    manifest = manifest_of(project, done["targets"][0]["backup"])
    assert manifest["engine"] == "external"
    assert manifest["external"]["id"] == "snap-1"
    point = manifest["restore_point"]
    assert point["name"] == manifest["id"] and point["lsn"] and point["timeline"] == 1
    assert done["targets"][0]["way_back"].startswith("restore: snap-1 in s3://snapshots/snap-1")
    project.run("backup", "verify").ok()
    assert "external" in project.run("backup", "list").ok().stdout


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo broken >&2; exit 3", "ended with status 3: broken"),
        ("true", "did not say backup-id"),
        ("echo backup-id=x; echo backup-system=1; date -u +backup-finished=%s", "made a backup of 1"),
    ],
)
def test_a_command_that_makes_no_backup_stops_the_run(pg_database, make_project, command, said):
    project = make_project(
        url=pg_database.url(), revisions=[Rev("a1", "op.execute('CREATE TABLE t ()')", "pass")]
    )
    pg_database.fetch("CREATE TABLE here ()")
    refused = project.run("upgrade", "--backup-command", command, *ALLOW)
    assert refused.exit == 7, refused.stderr
    assert said in refused.stderr
    assert not project.run("backup", "list", "--format", "json").json()["backups"]
    assert not pg_database.fetch("SELECT FROM pg_class WHERE relname = 't'")
