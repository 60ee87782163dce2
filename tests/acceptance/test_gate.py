"""The gate of `upgrade` and `downgrade`: refused before anything is changed, let pass by name, and journalled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.projects import Rev

NO_BACKUP = "--no-backup=test"
_TABLE = Rev(
    "a1",
    "op.create_table('orders', sa.Column('id', sa.BigInteger, primary_key=True), sa.Column('note', sa.Text))",
    "op.drop_table('orders')",
)
_INDEX = Rev(
    "b2",
    "op.create_index('orders_note', 'orders', ['note'])",
    "op.drop_index('orders_note')",
    message="index notes",
)


def _fill(database: Any, rows: int) -> None:
    database.fetch(f"INSERT INTO orders SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, {rows}) g")


@pytest.fixture
def shop(make_project: Any, pg_database: Any) -> Any:
    """A project at a1, with an index pending that blocks writers of a table that is not small."""
    project = make_project(url=pg_database.url(), revisions=[_TABLE])
    project.run("upgrade", NO_BACKUP).ok()
    _fill(pg_database, 40_000)
    project.add(_INDEX)
    return project


def test_refused_whole_then_let_pass_by_name(shop: Any, pg_database: Any) -> None:
    refused = shop.run("upgrade", "--format", "json")
    assert refused.exit == 3, str(refused)
    document = refused.json()
    (finding,) = [one for one in document["findings"] if one["stops"]]
    assert finding["rule"] == "index-build-blocks-writes" and finding["severity"] == "error"
    assert (finding["revision"], finding["statement"], finding["allowed"]) == ("b2", 1, None)
    assert finding["file"].endswith("b2_index_notes.py") and finding["objects"] == ["orders"]
    assert finding["seconds"] > 0.2 and "postgresql_concurrently=True" in finding["recipe"]
    (target,) = document["targets"]
    assert (target["outcome"], target["run"], target["pending"]) == ("refused", None, ["b2"])
    assert document["error"]["kind"] == "RefusedError" and "--allow RULE=REASON" in document["error"]["hint"]
    assert pg_database.fetch("SELECT version_num FROM alembic_version") == [("a1",)]
    assert pg_database.fetch("SELECT to_regclass('orders_note')") == [(None,)]
    assert document["backups"] == [] and not (shop.path / ".alembic-safe/backups").exists()
    assert pg_database.fetch("SELECT count(*) FROM alembic_safe.run") == [(1,)]

    shown = shop.run("upgrade")
    assert "> 13 |     op.create_index('orders_note'" in shown.stdout, str(shown)
    assert "waits meanwhile: INSERT, UPDATE, DELETE" in shown.stdout
    assert "refused, nothing was changed" in shown.stdout and "error: the upgrade is refused" in shown.stderr

    allowed = "index-build-blocks-writes=the shop is closed"
    done = shop.run("upgrade", NO_BACKUP, "--allow", allowed, "--format", "json").ok().json()
    assert [one["allowed"] for one in done["findings"] if one["rule"] == finding["rule"]] == [
        "the shop is closed"
    ]
    ((kept,),) = pg_database.fetch(
        "SELECT allowances::text FROM alembic_safe.run ORDER BY began DESC LIMIT 1"
    )
    assert '["allow index-build-blocks-writes", "the shop is closed"]' in kept


@pytest.mark.long
def test_a_mark_in_the_file_lets_pass_and_is_journalled(shop: Any, pg_database: Any) -> None:
    file = shop.versions / "b2_index_notes.py"
    mark = "    # alembic-safe: allow index-build-blocks-writes because nobody writes at night\n    op.create_index("
    file.write_text(file.read_text().replace("    op.create_index(", mark))
    shop.run("upgrade", NO_BACKUP).ok()
    ((kept,),) = pg_database.fetch(
        "SELECT allowances::text FROM alembic_safe.run ORDER BY began DESC LIMIT 1"
    )
    assert "nobody writes at night" in kept


@pytest.mark.long
def test_an_open_gate_is_journalled(shop: Any, pg_database: Any) -> None:
    shop.run("upgrade", NO_BACKUP, "--fail-on", "never").ok()
    ((kept,),) = pg_database.fetch(
        "SELECT allowances::text FROM alembic_safe.run ORDER BY began DESC LIMIT 1"
    )
    assert '["fail-on", "never"]' in kept


@pytest.mark.slow
def test_the_same_statement_on_a_small_table_passes(make_project: Any, any_pg_database: Any) -> None:
    project = make_project(url=any_pg_database.url("psycopg2"), revisions=[_TABLE])
    project.run("upgrade", NO_BACKUP).ok()
    _fill(any_pg_database, 40)
    project.add(_INDEX)
    done = project.run("upgrade", NO_BACKUP, "--format", "json").ok().json()
    severities = {one["severity"] for one in done["findings"] if one["rule"] == "index-build-blocks-writes"}
    assert severities == {"note"}


def test_a_downgrade_that_loses_data_is_refused(shop: Any, pg_database: Any) -> None:
    pg_database.fetch("DROP SCHEMA alembic_safe CASCADE")  # as on a target that raw alembic brought here
    refused = shop.run("downgrade", "base", "--format", "json")
    assert refused.exit == 3, str(refused)
    assert [one["rule"] for one in refused.json()["findings"] if one["stops"]] == ["table-dropped"]
    assert pg_database.fetch("SELECT count(*) FROM orders") == [(40_000,)]
    assert pg_database.fetch("SELECT to_regnamespace('alembic_safe')") == [(None,)]
    shop.run("downgrade", "base", NO_BACKUP, "--allow", "table-dropped=the shop moved").ok()
    assert pg_database.fetch("SELECT to_regclass('orders')") == [(None,)]


def test_on_an_empty_database_nothing_is_gated(make_project: Any, pg_database: Any) -> None:
    revisions = [
        _TABLE,
        Rev("b2", "op.drop_column('orders', 'note')"),
        Rev("c3", "op.execute('gibberish here')"),
    ]
    project = make_project(url=pg_database.url(), revisions=revisions[:2])
    pg_database.fetch("CREATE EXTENSION IF NOT EXISTS plpgsql")
    project.run("upgrade", NO_BACKUP).ok()
    project.add(revisions[2])
    refused = project.run("upgrade", NO_BACKUP, "--format", "json")
    assert refused.exit == 3, str(refused)
    assert [one["rule"] for one in refused.json()["findings"] if one["stops"]] == ["statement-not-understood"]


def test_what_cannot_be_listed_is_refused_and_env_py_runs_twice_at_most(
    make_project: Any, pg_database: Any
) -> None:
    count = "import pathlib\nwith pathlib.Path('executed').open('a') as f: f.write('x')\n"
    project = make_project(url=pg_database.url(), revisions=[_TABLE], env=lambda text: count + text)
    executed = project.path / "executed"
    project.run("upgrade", NO_BACKUP).ok()
    assert len(executed.read_text()) == 2
    project.add(
        Rev(
            "b2",
            "for row in op.get_bind().execute(sa.text('select id from orders')).fetchall():\n    print(row)",
        )
    )
    refused = project.run("upgrade", NO_BACKUP, "--scratch", "off", "--format", "json")
    if refused.exit == 2:  # this build has no scratch databases
        refused = project.run("upgrade", NO_BACKUP, "--format", "json")
    assert refused.exit == 3, str(refused)
    assert [one["rule"] for one in refused.json()["findings"] if one["stops"]] == ["revision-not-inspectable"]
    executed.unlink()
    project.run(
        "upgrade", NO_BACKUP, "--scratch", "off", "--allow", "revision-not-inspectable=read by two"
    ).ok()
    assert len(executed.read_text()) == 2


@pytest.mark.long
def test_a_tenant_schema_is_judged_by_its_own_tables(make_project: Any, pg_database: Any) -> None:
    """Unqualified names mean what they mean to the project's session, not to ours."""
    pg_database.fetch("CREATE SCHEMA acme")
    pg_database.fetch("CREATE TABLE acme.orders (id bigint primary key, note text)")
    pg_database.fetch("CREATE TABLE public.orders (id bigint primary key, note text)")
    pg_database.fetch(
        "INSERT INTO acme.orders SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, 40000) g"
    )

    def env(text: str) -> str:
        line = "    with connectable.connect() as connection:\n"
        return text.replace(line, f"{line}        connection.exec_driver_sql('set search_path to acme')\n")

    project = make_project(url=pg_database.url(), revisions=[Rev("b2", _INDEX.upgrade)], env=env)
    refused = project.run("upgrade", NO_BACKUP, "--format", "json")
    assert refused.exit == 3, str(refused)
    (finding,) = [one for one in refused.json()["findings"] if one["stops"]]
    assert finding["rule"] == "index-build-blocks-writes" and finding["seconds"] > 0.2


@pytest.mark.long
def test_on_sqlite_what_loses_data_is_refused(make_project: Any) -> None:
    project = make_project(revisions=[_TABLE])
    project.run("upgrade").ok()
    project.add(Rev("b2", "op.drop_table('orders')"))
    journal = project.database_file.with_name(project.database_file.name + ".alembic-safe-journal")
    journal.unlink()
    refused = project.run("upgrade", "--format", "json")
    assert refused.exit == 3, str(refused)
    assert [one["rule"] for one in refused.json()["findings"] if one["stops"]] == ["table-dropped"]
    assert not journal.exists(), "the journal is made when the gate has let the plan pass"
