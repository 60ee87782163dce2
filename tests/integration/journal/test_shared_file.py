"""One journal file for several databases: each reads its own runs alone, in an old file too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.databases import open_database, origin_of
from alembic_safe.journal import Journal, open_file, open_journal
from alembic_safe.model.policies import ControlPolicy, JournalPolicy
from alembic_safe.model.targets import ConnectParameters
from tests.integration.journal.conftest import NOON, a_run, commit, pg_parameters, sqlite_parameters

OpenAt = Callable[..., Journal]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[OpenAt]:
    """A function (where) -> its journal in the one file."""
    with ExitStack() as stack:

        def open_at(where: ConnectParameters, *, create: bool = True) -> Journal:
            database = open_database(where, policy=ControlPolicy(), read_only=not create)
            stack.callback(database.close)
            policy = JournalPolicy(file=tmp_path / "journal.db")
            journal = open_journal(database, policy, create=create)
            assert journal is not None
            stack.callback(journal.close)
            return journal

        yield open_at


def _ids(journal: Journal) -> list[str]:
    return [history.run.id for history in journal.runs(50)]


def _end(journal: Journal, run: str, outcome: Any, after: tuple[str, ...]) -> None:
    journal.end_run(run, outcome=outcome, heads_after=after, error=None, ended=NOON + timedelta(minutes=1))


def test_databases_of_every_kind_keep_apart(make_pg_database: Any, at: OpenAt, tmp_path: Path) -> None:
    first, second = make_pg_database(), make_pg_database()
    places = [
        pg_parameters(first.keywords),
        pg_parameters(second.keywords),
        sqlite_parameters(tmp_path / "a.db"),
        sqlite_parameters(tmp_path / "b.db"),
    ]
    for number, place in enumerate(places):
        journal = at(place)
        journal.begin_run(a_run(f"r{number}", backup=f"backup {number}"))
        commit(journal, f"r{number}", 1, "b2", float(number + 1))
        journal.set_checkout(f"r{number}", f"code {number}", {})
        journal.set_ended_well(f"r{number}")
    _end(at(places[0]), "r0", "done", ("b2",))
    for number, place in enumerate(places):
        journal, run = at(place, create=False), f"r{number}"
        assert _ids(journal) == [run]
        assert [one.run.id for one in journal.runs_of("shop", 9)] == [run]
        assert [one.run.id for one in journal.runs_since("shop", NOON)] == [run]
        assert [one.run.id for one in journal.unfinished_runs("shop")] == ([run] if number else [])
        last = journal.last_run("shop")
        assert last is not None and (last.run.id, last.run.elsewhere) == (run, "")
        assert journal.expected_durations(["b2"], "upgrade") == {"b2": number + 1}
        assert [one[3] for one in journal.slowest(9)] == [number + 1]
        assert journal.mapped_before("shop", f"code {number}") is None
        assert journal.mapped_before("shop", "newer code") == {}
        assert journal.applied("shop", ["b2"]) == {"b2"}
        # what any of them needs must not be pruned
        assert set(journal.backups_needed()) == {f"backup {n}" for n in range(4)}


def test_a_copy_is_no_original_and_a_renamed_database_is(make_pg_database: Any, at: OpenAt) -> None:
    original, copy = make_pg_database(), make_pg_database()
    at(pg_parameters(original.keywords)).begin_run(a_run())
    assert _ids(at(pg_parameters(copy.keywords), create=False)) == []
    keywords = {**original.keywords, "dbname": "renamed_" + original.keywords["dbname"]}
    admin = copy.connect()
    names = original.keywords["dbname"], keywords["dbname"]
    ended = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s"
    admin.execute(ended, [names[0]])
    admin.execute('alter database "{}" rename to "{}"'.format(*names))
    try:
        journal = at(pg_parameters(keywords), create=False)
        assert _ids(journal) == ["r1"]
        database = open_database(pg_parameters(keywords), policy=ControlPolicy())
        assert origin_of(database).system.isdigit() and origin_of(database).oid.isdigit()
        database.close()
    finally:
        admin.execute(ended, [names[1]])
        admin.execute('alter database "{1}" rename to "{0}"'.format(*names))
        admin.close()


def _of_format_4(file: Path, runs: list[tuple[str, tuple[str, ...] | None, tuple[str, ...]]]) -> None:
    """A file as the version before wrote it."""
    journal = open_file(file, create=True)
    assert journal is not None
    for run, before, after in runs:
        journal.begin_run(a_run(run, heads_before=before))
        _end(journal, run, "done", after)
    journal.store.database.execute("DROP TABLE run_origin")
    journal.store.database.execute("UPDATE meta SET format = 4")
    journal.close()


def test_an_old_file_goes_on_as_that_of_the_database_that_uses_it(at: OpenAt, tmp_path: Path) -> None:
    _of_format_4(tmp_path / "journal.db", [("r1", None, ("a1",)), ("r2", ("a1",), ("b2",))])
    one, two = sqlite_parameters(tmp_path / "one.db"), sqlite_parameters(tmp_path / "two.db")
    for path in ("one.db", "two.db"):
        (tmp_path / path).touch()
    # who only reads changes nothing, and sees what there is
    assert _ids(at(one, create=False)) == _ids(at(two, create=False)) == ["r2", "r1"]
    assert _ids(at(one)) == ["r2", "r1"]
    assert _ids(at(two)) == _ids(at(two, create=False)) == []
    assert _ids(at(one, create=False)) == ["r2", "r1"]


def test_an_old_file_that_several_shared_stays_everybodys(at: OpenAt, tmp_path: Path) -> None:
    _of_format_4(tmp_path / "journal.db", [("r1", None, ("a1",)), ("r2", None, ("a1",))])
    one, two = sqlite_parameters(tmp_path / "one.db"), sqlite_parameters(tmp_path / "two.db")
    at(one).begin_run(a_run("r3"))
    assert _ids(at(one)) == ["r3", "r2", "r1"]
    assert _ids(at(two)) == ["r2", "r1"]
