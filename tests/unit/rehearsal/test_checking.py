"""The running application's code is tried on the clone, whatever the environment says, and changes nothing there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alembic_safe.databases import LIBPQ_WHERE
from alembic_safe.databases.scratch import SqliteScratch
from alembic_safe.errors import UsageError
from alembic_safe.model.rehearsals import RehearsalPolicy
from alembic_safe.model.scratch import Clone
from alembic_safe.rehearsal.checking import check_application, require_readable


def run(policy: RehearsalPolicy, clone: Clone) -> list[tuple[bool, str]]:
    return [(one.good, one.said) for one in check_application(policy, clone, "a1", tick=lambda: None)]


def test_a_command_is_led_nowhere_but_to_the_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LIBPQ_WHERE:
        monkeypatch.setenv(name, "production")
    keywords = {"host": "/scratch", "port": "5433", "dbname": "c1", "user": "me"}
    clone = Clone("postgresql", "c1", keywords, "", "shop")
    policy = RehearsalPolicy(check_command="! env | grep '^PG.*production' && test \"$PGDATABASE\" = c1")
    assert run(policy, clone) == [(True, "")]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """An SQLite file with one row."""
    made = SqliteScratch(tmp_path).make("shop.db")
    with closing(sqlite3.connect(made.keywords["database"])) as database, database:
        database.executescript("create table t (a integer); insert into t values (1)")
    return made


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("select a from t; insert into t values (2)", True),
        ("begin; delete from t; commit; select b from t", False),
    ],
)
def test_sql_leaves_a_file_as_it_was(tmp_path: Path, clone: Clone, text: str, good: bool) -> None:
    file = tmp_path / "old.sql"
    file.write_text(text)
    ((passed, fault),) = run(RehearsalPolicy(check_sql=(file,)), clone)
    assert passed is good
    assert ("no such column: b" in fault) is not good
    with closing(sqlite3.connect(clone.keywords["database"])) as database:
        assert database.execute("select a from t").fetchall() == [(1,)]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["old.sql", "scratch-1.db"]


def test_a_missing_file_is_told_before_anything(tmp_path: Path, clone: Clone) -> None:
    (tmp_path / "latin").write_bytes(b"select '\xe9'")
    for name, why in (("none.sql", "No such file"), ("latin", "not UTF-8")):
        with pytest.raises(UsageError, match=why):
            require_readable([tmp_path / name])
        ((good, fault),) = run(RehearsalPolicy(check_sql=(tmp_path / name,)), clone)
        assert not good
        assert "cannot be read" in fault


def test_a_kept_file_is_whole_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, kept = tmp_path / "run", tmp_path / "kept"
    folder.mkdir()
    kept.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(kept))
    place = SqliteScratch(folder)
    clone = place.make()
    with closing(sqlite3.connect(clone.keywords["database"])) as database:
        database.executescript(
            "pragma journal_mode = wal; create table t (a integer); insert into t values (1)"
        )
        path = Path(place.keep(clone.name))  # while the -wal still holds it
    assert path.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("select a from t").fetchall() == [(1,)]
