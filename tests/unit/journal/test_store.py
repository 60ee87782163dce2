"""The queries' files are put into the driver's form; text is put into a form that the server can hold."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest

from alembic_safe.errors import AlembicSafeError
from alembic_safe.journal import _store
from alembic_safe.journal._store import Store, sqlstate
from alembic_safe.model.protocols import Database
from alembic_safe.model.runs import Origin

FILES = sorted(Path(_store.__file__).parent.joinpath("queries").glob("*.sql"))


class _Recorder:
    """Takes the queries; answers nothing."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    def execute(self, sql: str, parameters: Any = (), *, often: bool = False) -> None:
        self.seen.append((sql, parameters))

    def fetch(self, sql: str, parameters: Any = (), *, often: bool = False) -> list[tuple[Any, ...]]:
        self.seen.append((sql, parameters))
        return []


def _store_of(schema: str | None, *, utf8: bool = True) -> tuple[Store, _Recorder]:
    recorder = _Recorder()
    return Store(cast(Database, recorder), schema=schema, utf8=utf8), recorder


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_says_first_what_it_asks_and_is_translated_whole(path: Path) -> None:
    name, _, dialect = path.name.removesuffix(".sql").partition(".")
    assert path.read_text().startswith("-- ")
    for one in (dialect,) if dialect else ("postgresql", "sqlite"):
        commands = _store._load(name, one, '"s".' if one == "postgresql" else "main.")
        for sql, names in commands:
            assert sql and "journal." not in sql and "--" not in sql
            assert all((f"%({n})s" if one == "postgresql" else f":{n}") in sql for n in names)
            assert one == "sqlite" or ":" not in sql.replace("::", "")


def test_a_schema_is_quoted_and_a_cast_is_no_value() -> None:
    store, recorder = _store_of('od"d')
    store.run("set_transaction", run="r", step=1, transaction_id="7")
    assert recorder.seen == [
        (
            'UPDATE "od""d".step SET transaction_id = %(transaction_id)s'
            " WHERE run = %(run)s AND ordinal = %(step)s",
            {"transaction_id": "7", "run": "r", "step": 1},
        )
    ]
    assert "%(statements)s::json)" in _store._load("end_step", "postgresql", "s.")[0][0]


def test_lists_go_in_parts() -> None:
    store, recorder = _store_of(None)
    store.rows_in("steps", [f"run{i}" for i in range(501)])
    assert [len(parameters) for _, parameters in recorder.seen] == [500, 1]
    assert ":list" not in recorder.seen[0][0]
    assert store.rows_in("steps", []) == []


def test_a_row_that_is_not_there_is_an_error_of_ours() -> None:
    store, _ = _store_of("s")
    with pytest.raises(AlembicSafeError, match=r"no row for set backup with \{'run': 'gone'\}"):
        store.change("set_backup", run="gone", backup="b")


def test_what_the_server_cannot_hold_is_escaped() -> None:
    store, _ = _store_of("s")
    assert store.text("naïve → 😀") == "naïve → 😀"
    assert store.text("a\0b\ud800") == "a\\x00b\\ud800"
    narrow, _ = _store_of("s", utf8=False)
    assert narrow.text("naïve → 😀") == "na\\xefve \\u2192 \\U0001f600"


def test_a_file_gets_times_in_utc() -> None:
    store, _ = _store_of(None)
    there = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    assert store.clean(there) == "2026-01-02T01:04:05+00:00"
    assert _store_of("s")[0].clean(there) is there


def test_the_sqlstate_is_found_behind_our_own_error() -> None:
    class Driver(Exception):
        sqlstate = "42P07"

    ours = AlembicSafeError("no")
    ours.__cause__ = Driver()
    assert sqlstate(ours) == "42P07"
    assert sqlstate(AlembicSafeError("no")) is None


def test_a_failed_rollback_does_not_hide_the_error() -> None:
    class Lost(_Recorder):
        def execute(self, sql: str, parameters: Any = (), *, often: bool = False) -> None:
            if sql == "ROLLBACK":
                raise AlembicSafeError("lost")

    store = Store(cast(Database, Lost()), schema="s")
    with pytest.raises(KeyError), store.transaction():
        raise KeyError


def test_a_file_that_several_share_is_read_for_one() -> None:
    store, recorder = _store_of(None)
    store.rows("last_run", target="t")
    assert recorder.seen[-1][1] == {"target": "t"}
    store = Store(cast(Database, recorder), schema=None, origin=lambda: Origin("7", "", "shop", "16"))
    store.own = True
    store.rows("last_run", target="t")
    store.rows_in("applied", ["a1"], target="t")
    own = {"own_system": "7", "own_address": "", "own_name": "shop", "own_oid": "16"}
    assert [given for _, given in recorder.seen[-2:]] == [
        {"target": "t", **own},
        {"v0": "a1", "target": "t", **own},
    ]
