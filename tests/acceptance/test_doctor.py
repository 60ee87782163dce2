"""The doctor: what would stop a run here, with its cure; and what --clean removes."""

from __future__ import annotations

from typing import Any

from alembic_safe.apply.preflight import all_checks
from tests.support.processes import wait_until
from tests.support.projects import Rev

A1 = Rev("a1", "op.execute('create table t (id int)')")
B2 = Rev("b2", "op.add_column('t', sa.Column('x', sa.Integer))")


def _found(document: dict[str, Any]) -> dict[str, str]:
    (target,) = document["targets"]
    return {one["check"]: one["level"] for item in target["checks"] for one in item["obstacles"]}


def test_a_sound_place_has_nothing_to_say(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[A1])
    done = project.run("doctor", "--format", "json").ok().json()
    assert _found(done) == {}
    names = {item["check"] for item in done["targets"][0]["checks"]}
    assert names == {*all_checks(), "journal", "target-state"}
    said = project.run("doctor", "-v").ok().stdout
    assert "nothing: old-transaction" in said
    assert pg_database.fetch("SELECT count(*) FROM pg_namespace WHERE nspname = 'alembic_safe'") == [(0,)]


def test_what_stands_in_the_way_is_told_with_its_cure(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[A1])
    project.run("upgrade", "--no-backup=test").ok()
    project.add(B2)
    pg_database.fetch("CREATE ROLE app_poor LOGIN")
    try:
        pg_database.fetch("GRANT SELECT ON alembic_version TO app_poor")
        holder = pg_database.connect()
        holder.execute("BEGIN")
        holder.execute("SELECT 1 FROM t")
        project.ini.write_text(project.ini.read_text().replace("//postgres@", "//app_poor@"))
        done = project.run("doctor", "--old-transaction", "0", "--format", "json")
        assert done.exit == 3, done
        found = _found(done.json())
        assert found["role-rights"] == "refuse"
        assert found["journal"] == "refuse"
        assert found["session-visibility"] == "warn"
        shown = project.run("doctor").stdout
        assert "stops a run: role-rights: role app_poor does not own public.t, which the plan alters" in shown
        assert "GRANT USAGE ON SCHEMA" in shown
    finally:
        pg_database.close_connections()
        wait_until(lambda: not pg_database.sessions())
        pg_database.fetch("DROP OWNED BY app_poor")
        pg_database.fetch("DROP ROLE app_poor")


def test_clean_ends_what_a_dead_run_left(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[A1])
    left = pg_database.connect(application_name="alembic-safe/20260101T000000Z-abcdef")
    done = project.run("doctor", "--format", "json")
    assert (done.exit, _found(done.json())) == (3, {"orphaned-backend": "refuse"})
    database = f"{pg_database.name}_repair"
    pg_database.server.create_database(database)
    mark = f"alembic-safe: restoring b1 beside {pg_database.name}"
    pg_database.fetch(f"COMMENT ON DATABASE {database} IS '{mark}'")
    done = project.run("doctor", "--clean", "--format", "json").ok().json()
    assert done["cleaned"][-2:] == [  # before them: whatever dead runs left on this machine
        f"ended the session of run 20260101T000000Z-abcdef (pid {left.info.backend_pid})",
        f"removed the database {database}, which a killed restore beside {pg_database.name} left",
    ]
    assert pg_database.fetch("SELECT count(*) FROM pg_database WHERE datname = %s", [database]) == [(0,)]


def test_sqlite(make_project: Any) -> None:
    project = make_project(revisions=[A1])
    assert project.run("doctor", "--format", "json").ok().json()["exit"] == 0
    assert not project.database_file.exists()
