"""A restored SQLite file is read as it was restored, whatever lies beside the name that it is given."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alembic_safe.databases.sqlite import restore
from alembic_safe.databases.sqlite.dump import FILE
from alembic_safe.errors import RefusedError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What `restore.beside` makes: a folder with the restored file."""
    made = tmp_path / "restoring"
    made.mkdir()
    _write(made / FILE, "restored")
    return made


def _write(path: Path, row: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (?)", [row])


def _rows(path: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return connection.execute("SELECT a FROM t").fetchall()


def _damaged_with_a_wal(target: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE t (a)")
        connection.execute("PRAGMA wal_checkpoint(truncate)")
        connection.execute("INSERT INTO t VALUES ('stale')")  # the first page is not in the -wal
        shutil.copy(f"{other}-wal", f"{target}-wal")
    target.write_bytes(b"no database" * 1000)


def test_the_wal_of_a_damaged_file_goes_with_it(folder, tmp_path):
    target, kept = tmp_path / "app.db", tmp_path / "app.db.before-restore-1"
    _damaged_with_a_wal(target, tmp_path)

    restore.swap(folder, target, kept)

    assert _rows(target) == [("restored",)]
    assert kept.read_bytes().startswith(b"no database")
    assert Path(f"{kept}-wal").exists()


def test_a_restore_killed_before_its_rename_left_the_old_file_whole(tmp_path):
    target, kept = tmp_path / "app.db", tmp_path / "app.db.before-restore-1"
    _write(target, "old")
    kept.hardlink_to(target)
    Path(f"{kept}-wal").write_bytes(b"its own")

    restore.tidy(target)

    assert Path(f"{target}-wal").read_bytes() == b"its own"
    assert not kept.exists() and not Path(f"{kept}-wal").exists()


@pytest.mark.parametrize("suffix", ["", "-wal", "-journal"])
def test_a_new_file_overwrites_nothing_and_is_read_with_nothing(folder, tmp_path, suffix):
    into = tmp_path / "new.db"
    there = Path(f"{into}{suffix}")
    there.write_bytes(b"somebody's")

    with pytest.raises(RefusedError, match=there.name):
        restore.place(folder, into)

    assert there.read_bytes() == b"somebody's"
    there.unlink()
    restore.place(folder, into)
    assert _rows(into) == [("restored",)]


def test_a_new_file_is_placed_where_there_are_no_hard_links(folder, tmp_path, monkeypatch):
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refused)

    restore.place(folder, tmp_path / "new.db")

    assert _rows(tmp_path / "new.db") == [("restored",)]
