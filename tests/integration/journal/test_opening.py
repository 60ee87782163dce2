"""Opening: made once, also by many at once; read by who may only read; refused with what a DBA must run."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.errors import RefusedError, SettingsError, UnknownRevisionError
from alembic_safe.journal import JOURNAL_FORMAT, journal_file, open_journal
from alembic_safe.model.facts import Name
from alembic_safe.model.policies import JournalPolicy
from alembic_safe.model.targets import ConnectParameters
from tests.integration.journal.conftest import Open, a_run, a_step, commit, pg_parameters, sqlite_parameters
from tests.support.databases import TestDatabase

POLICY = JournalPolicy()


def test_nothing_is_made_for_a_reader(parameters: ConnectParameters, opened: Any, tmp_path: Path) -> None:
    database = opened(parameters)
    assert open_journal(database, POLICY, create=False) is None
    if parameters.dialect == "postgresql":
        assert database.fetch("SELECT 1 FROM pg_namespace WHERE nspname = 'alembic_safe'") == []
    else:
        assert [path.name for path in tmp_path.iterdir()] in ([], ["app.db"])


def test_what_is_made_is_found_again(open_again: Open) -> None:
    first, second = open_again(), open_again()
    assert first is not None and second is not None
    first.begin_run(a_run())
    assert second.runs(5) == first.runs(5) != ()
    reader = open_again(create=False)
    assert reader is not None
    assert reader.runs(5) == first.runs(5)


def test_many_may_make_it_at_once(parameters: ConnectParameters, opened: Any) -> None:
    databases = [opened(parameters) for _ in range(8)]
    barrier = threading.Barrier(len(databases))
    failures: list[BaseException] = []

    def make(number: int) -> None:
        try:
            barrier.wait(10)
            journal = open_journal(databases[number], POLICY, create=True)
            journal.begin_run(a_run(f"r{number}"))
            journal.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(len(databases))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    journal = open_journal(databases[0], POLICY, create=False)
    assert journal is not None
    assert {history.run.id for history in journal.runs(100)} == {f"r{number}" for number in range(8)}
    journal.close()


def test_a_newer_format_is_refused(parameters: ConnectParameters, open_again: Open) -> None:
    journal = open_again()
    assert journal is not None
    name = '"alembic_safe".meta' if parameters.dialect == "postgresql" else "meta"
    journal.store.database.execute(f"UPDATE {name} SET format = 9, tool_version = '9.9'")
    for create in (True, False):
        with pytest.raises(
            UnknownRevisionError, match=f"format 9, newer than the format {JOURNAL_FORMAT}"
        ) as caught:
            open_again(create=create)
        assert caught.value.exit_status == 8
        assert "alembic-safe 9.9" in caught.value.hint


def test_an_emptied_meta_is_refused(parameters: ConnectParameters, open_again: Open) -> None:
    journal = open_again()
    assert journal is not None
    name = '"alembic_safe".meta' if parameters.dialect == "postgresql" else "meta"
    journal.store.database.execute(f"DELETE FROM {name}")
    with pytest.raises(RefusedError, match="has no format number"):
        open_again()


def test_an_impossible_schema_is_a_settings_error(pg_database: TestDatabase, opened: Any) -> None:
    database = opened(pg_parameters(pg_database.keywords))
    for schema in ("", "pg_journal", 'a"b', "x" * 64, "a b"):
        with pytest.raises(SettingsError):
            open_journal(database, JournalPolicy(schema=schema), create=True)


def test_the_schema_is_settable(pg_database: TestDatabase, opened: Any) -> None:
    database = opened(pg_parameters(pg_database.keywords))
    open_journal(database, JournalPolicy(schema="Ops_1"), create=True).begin_run(a_run())
    assert database.fetch('SELECT id FROM "Ops_1".run') == [("r1",)]


def test_a_schema_of_another_is_left_alone(pg_database: TestDatabase, opened: Any) -> None:
    pg_database.fetch("CREATE SCHEMA alembic_safe")
    pg_database.fetch("CREATE TABLE alembic_safe.run (id int)")
    with pytest.raises(RefusedError, match="not a journal"):
        open_journal(opened(pg_parameters(pg_database.keywords)), POLICY, create=True)
    tables = pg_database.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'alembic_safe'::regnamespace"
    )
    assert tables == [("run",)]


@pytest.fixture
def role(pg_database: TestDatabase, opened: Any) -> Any:
    """A function () -> Database of a role without any right; the role is dropped after the test."""
    name = f"plain {pg_database.name}"
    pg_database.fetch(f'CREATE ROLE "{name}" LOGIN')
    yield lambda: opened(pg_parameters({**pg_database.keywords, "user": name}))
    pg_database.close_connections()
    pg_database.fetch(f'DROP OWNED BY "{name}"')
    pg_database.fetch(f'DROP ROLE "{name}"')


def _dba(pg_database: TestDatabase, hint: str) -> None:
    """Run what the hint says a DBA must run."""
    statements = hint.removeprefix("Ask a DBA to run: ").partition(" Or keep")[0].partition(" (in")[0]
    for statement in statements.rstrip(";").split("; "):
        pg_database.fetch(statement)


def test_the_statement_for_the_dba_is_enough(pg_database: TestDatabase, role: Any) -> None:
    with pytest.raises(RefusedError, match="may not create schema") as caught:
        open_journal(role(), POLICY, create=True)
    assert 'journal = "file:PATH"' in caught.value.hint
    assert f'GRANT CREATE ON DATABASE "{pg_database.name}"' in caught.value.hint
    _dba(pg_database, caught.value.hint)
    open_journal(role(), POLICY, create=True).begin_run(a_run())


def test_in_a_schema_made_by_a_dba(pg_database: TestDatabase, role: Any) -> None:
    pg_database.fetch("CREATE SCHEMA alembic_safe")
    with pytest.raises(RefusedError, match="may not make the journal's tables") as caught:
        open_journal(role(), POLICY, create=True)
    _dba(pg_database, caught.value.hint)
    open_journal(role(), POLICY, create=True).begin_run(a_run())


def test_in_a_journal_made_by_another_role(pg_database: TestDatabase, role: Any, opened: Any) -> None:
    theirs = open_journal(opened(pg_parameters(pg_database.keywords)), POLICY, create=True)
    theirs.begin_run(a_run("theirs"))
    with pytest.raises(RefusedError, match="may not read") as caught:
        open_journal(role(), POLICY, create=False)
    _dba(pg_database, caught.value.hint)
    reader = open_journal(role(), POLICY, create=False)
    assert reader is not None
    assert reader.runs(1)[0].run.id == "theirs"
    with pytest.raises(RefusedError, match="may not write") as caught:
        open_journal(role(), POLICY, create=True)
    _dba(pg_database, caught.value.hint)
    ours = open_journal(role(), POLICY, create=True)
    ours.begin_run(a_run("ours"))
    ours.begin_step(a_step("ours", attempts=2))
    commit(ours, "ours", 1, "b2", 1.0)
    ours.end_run("ours", outcome="done", heads_after=(), error=None, ended=a_run().began)


def test_a_read_only_session(pg_database: TestDatabase, opened: Any) -> None:
    parameters = pg_parameters(pg_database.keywords)
    with pytest.raises(RefusedError, match="is read-only"):
        open_journal(opened(parameters, read_only=True), POLICY, create=True)
    open_journal(opened(parameters), POLICY, create=True).begin_run(a_run())
    reader = open_journal(opened(parameters, read_only=True), POLICY, create=False)
    assert reader is not None
    assert len(reader.runs(5)) == 1


def test_a_server_that_cannot_hold_every_character(pg_database: TestDatabase, opened: Any) -> None:
    name = f"{pg_database.name}_latin1"
    pg_database.fetch(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    database = opened(pg_parameters({**pg_database.keywords, "dbname": name}))
    try:
        journal = open_journal(database, POLICY, create=True)
        journal.begin_run(a_run(error="über → 😀"))
        assert journal.runs(1)[0].run.error == "\\xfcber \\u2192 \\U0001f600"
    finally:
        database.close()
        pg_database.fetch(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_journal_does_not_care_for_the_roles_settings(pg_database: TestDatabase, opened: Any) -> None:
    pg_database.fetch(f"ALTER DATABASE {pg_database.name} SET DateStyle = 'German'")
    pg_database.fetch(f"ALTER DATABASE {pg_database.name} SET TimeZone = 'Asia/Kolkata'")
    pg_database.fetch(f"ALTER DATABASE {pg_database.name} SET search_path = ''")
    journal = open_journal(opened(pg_parameters(pg_database.keywords)), POLICY, create=True)
    journal.begin_run(a_run())
    assert journal.runs(1)[0].run == a_run()


def test_a_postgresql_target_may_have_its_journal_in_a_file(
    pg_database: TestDatabase, opened: Any, tmp_path: Path
) -> None:
    policy = JournalPolicy(file=tmp_path / "deep" / "journal.db")
    database = opened(pg_parameters(pg_database.keywords))
    assert open_journal(database, policy, create=False) is None
    journal = open_journal(database, policy, create=True)
    journal.begin_run(a_run())
    assert journal.last_run("shop") is not None
    journal.close()
    assert database.fetch("SELECT 1") == [(1,)], "the target's connection is not the journal's to close"
    assert pg_database.fetch("SELECT 1 FROM pg_namespace WHERE nspname = 'alembic_safe'") == []


def test_the_file_is_private_and_left_alone_at_rest(opened: Any, tmp_path: Path) -> None:
    database = opened(sqlite_parameters(tmp_path / "app.db"))
    file = journal_file(database.facts, POLICY)
    assert file == tmp_path / "app.db.alembic-safe-journal"
    before = os.umask(0)
    try:
        journal = open_journal(database, POLICY, create=True)
        journal.begin_run(a_run())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("*journal*")}
    finally:
        os.umask(before)
    assert modes.pop(file.name) == 0o600
    assert set(modes.values()) == {0o600}, "its -wal and -shm hold the same"
    journal.close()
    assert [path.name for path in tmp_path.glob("*journal*")] == [file.name]


def test_another_name_of_the_database_has_the_same_journal(opened: Any, tmp_path: Path) -> None:
    (tmp_path / "app.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "app.db")
    policy = JournalPolicy()
    first, second = (opened(sqlite_parameters(tmp_path / name)) for name in ("app.db", "link.db"))
    assert journal_file(first.facts, policy) == journal_file(second.facts, policy)


def test_a_file_that_is_something_else_is_left_alone(opened: Any, tmp_path: Path) -> None:
    other = opened(sqlite_parameters(tmp_path / "other.db"))
    other.execute("CREATE TABLE customer (id int)")
    database = opened(sqlite_parameters(tmp_path / "app.db"))
    policy = JournalPolicy(file=tmp_path / "other.db")
    with pytest.raises(RefusedError, match="not a journal"):
        open_journal(database, policy, create=True)
    assert open_journal(database, policy, create=False) is None
    assert other.fetch("SELECT name FROM sqlite_master") == [("customer",)]


def test_a_place_that_cannot_be_made(opened: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    policy = JournalPolicy(file=tmp_path / "file" / "journal.db")
    with pytest.raises(RefusedError, match="cannot be made") as caught:
        open_journal(opened(sqlite_parameters(tmp_path / "app.db")), policy, create=True)
    assert caught.value.exit_status == 3


def test_an_older_format_is_read_as_it_is_and_brought_up_to_write(
    parameters: ConnectParameters, open_again: Open
) -> None:
    journal = open_again()
    assert journal is not None
    journal.begin_run(a_run("old"))
    journal.begin_step(a_step("old"))
    prefix = '"alembic_safe".' if parameters.dialect == "postgresql" else ""
    for statement in (
        "DROP TABLE {}mapping",
        "DROP TABLE {}checkout",
        "DROP TABLE {}step_wait",
        "DROP TABLE {}step_forecast",
        "DROP TABLE {}run_origin",
        "UPDATE {}meta SET format = 1",
    ):
        journal.store.database.execute(statement.format(prefix))
    reader = open_again(create=False)
    assert reader is not None
    assert [history.run.id for history in reader.runs(10)] == ["old"]
    assert [(step.waited, step.forecast) for history in reader.runs(10) for step in history.steps] == [
        (0, None)
    ]
    assert reader.mapped_before("shop", "now") is None
    writer = open_again()
    assert writer is not None
    writer.begin_run(a_run("new"))
    mapped = {Name("t"): frozenset({"id", "name"}), Name("u", "s"): frozenset()}
    writer.set_checkout("new", "before", mapped)
    assert writer.mapped_before("shop", "now") is None  # it did not end well yet
    writer.set_ended_well("new")
    assert writer.mapped_before("shop", "now") == mapped
    assert writer.mapped_before("shop", "before") is None
    assert {history.run.id for history in writer.runs(10)} == {"old", "new"}
    writer.set_waited("old", 1, 1.5)
    writer.set_forecast("old", a_step().revision, 2.5)
    assert [(s.waited, s.forecast) for history in writer.runs(10) for s in history.steps] == [(1.5, 2.5)]
