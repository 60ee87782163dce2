"""Which clone stands for what, and what a statement may not ask of a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from alembic_safe.bridge.messages import CloneWanted, Job, decode, encode
from alembic_safe.bridge.worker import beyond, tracing
from alembic_safe.bridge.worker.checked_cursors import text_of
from alembic_safe.bridge.worker.link import Link
from alembic_safe.bridge.worker.redirecting import ElsewhereError, Redirection, sqlite_name
from alembic_safe.bridge.worker.spelling import as_rendered
from alembic_safe.model.scratch import Clone, Redirect


class Heard:
    """Takes what a worker would tell."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def tell(self, message: Any) -> None:
        self.messages.append(message)


def clone(name: str, stands_for: str = "", *, shared: bool = True) -> Clone:
    return Clone("postgresql", name, {"host": "/s", "dbname": name}, f"marker of {name}", stands_for, shared)


def redirection(*clones: Clone, folder: str = "/scratch") -> tuple[Redirection, Heard]:
    heard = Heard()
    return Redirection(Redirect(clones, folder), cast(Link, heard)), heard


def test_the_first_database_gets_the_first_clone_and_keeps_it() -> None:
    turned, heard = redirection(clone("c1"), clone("c2", "stock"))
    assert [turned.postgresql(name).name for name in ("shop", "stock", "shop", "c1", "c2")] == [
        "c1", "c2", "c1", "c1", "c2",
    ]  # fmt: skip
    with pytest.raises(ElsewhereError):
        turned.postgresql("third")
    assert heard.messages == [CloneWanted("postgresql", "third")]


def test_a_connection_that_answers_otherwise_is_closed() -> None:
    turned, heard = redirection(clone("c1"))

    class Connection:
        closed = False

        def close(self) -> None:
            self.closed = True

    connection = Connection()
    assert turned.prove("marker of c1", connection).name == "c1"
    assert not connection.closed
    with pytest.raises(ElsewhereError):
        turned.prove("marker of production", connection)
    assert connection.closed
    assert len(heard.messages) == 1


REFUSED_EVERYWHERE = [
    "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p",
    "select dblink_exec('host=x', 'drop table t')",
    "DO $$ BEGIN PERFORM dblink('host=x', 'select 1'); END $$",
    "copy t from program 'curl x'",
    "select dblink_exec /* c */ ('host=x', 'drop table t')",
    "select 1; create subscription s connection 'x'",
    "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y",
]
REFUSED_ON_SHARED = [
    "CREATE ROLE app", "drop user app", "DO $$ BEGIN CREATE ROLE app; END $$", "alter system set x = 1",
    "ALTER DATABASE shop SET timezone TO 'UTC'", "grant admin to app", "select pg_terminate_backend(1)",
    "COMMENT ON DATABASE shop IS 'x'", "REASSIGN OWNED BY a TO b", "select pg_drop_replication_slot('s')",
    "grant connect on database shop to app", "REVOKE ALL ON\nDATABASE shop FROM public",
    "grant create on tablespace fast to app", "GRANT SET ON PARAMETER work_mem TO app", "drop /* a */ role x",
    "update t set a = 1; alter database shop set timezone to 'UTC'", "SELECT 1; DROP ROLE x",
    "/* c */ drop /* a /* b */ c */ role x", "alter -- why\nsystem set x = 1", "select 'a;b'; drop user x",
    "DO $x$ BEGIN DELETE FROM t; DROP /* c */ ROLE x; END $x$", "with a as (select 1) select * from a; drop role x",
    "DO $$ BEGIN grant admin to app; create index on t (x); END $$", 'select "pg_terminate_backend" (1)',
]  # fmt: skip
HARMLESS = [
    "CREATE USER MAPPING FOR app SERVER x", "grant select on t to app", "revoke all on t from app",
    "INSERT INTO docs VALUES ('how to create role x')", "create table users (role text)",
    "alter table t add column database text", "CREATE EXTENSION dblink", "copy t from stdin",
    "select 1 -- drop role x", "update t set a = 'x; drop role y'; select 1", "/* alter system */ select 1",
    "insert into t values ($$x; drop role y$$)", "grant usage on foreign server s to app",
]  # fmt: skip


@pytest.mark.parametrize("sql", [*REFUSED_EVERYWHERE, *REFUSED_ON_SHARED])
def test_statements_that_reach_beyond_a_shared_clone_are_refused(sql: str) -> None:
    with pytest.raises(ElsewhereError):
        redirection(clone("c1"))[0].check_statement(sql)


@pytest.mark.parametrize("sql", REFUSED_EVERYWHERE)
def test_some_are_refused_on_a_server_of_our_own_too(sql: str) -> None:
    with pytest.raises(ElsewhereError):
        redirection(clone("c1", shared=False))[0].check_statement(sql)


@pytest.mark.parametrize("sql", [*HARMLESS, *REFUSED_ON_SHARED])
def test_the_others_pass_there(sql: str) -> None:
    redirection(clone("c1", shared=False))[0].check_statement(sql)


@pytest.mark.parametrize("sql", HARMLESS)
def test_look_alikes_pass(sql: str) -> None:
    redirection(clone("c1"))[0].check_statement(sql)


@given(
    st.lists(
        st.sampled_from(
            [
                *REFUSED_EVERYWHERE, *REFUSED_ON_SHARED, *HARMLESS, ";", "/* c */", "$$", "$a$", '"', "'", "--\n", "_",
                "x", "role", "on", "grant", "create", "pg_stat_reset_shared", "('a')", "program",
            ]
        ),
        max_size=6,
    ),
    st.sampled_from(["", " ", "/**/", "\n"]),
)  # fmt: skip
def test_texts_that_are_not_read_word_by_word_hold_nothing(parts: list[str], between: str) -> None:
    text = between.join(parts)
    if not beyond.may_reach_beyond(text):
        for command in beyond.commands(text):
            assert beyond.reach_of(command) == "", command


def test_our_own_look_is_not_read_word_by_word() -> None:
    """It comes after each statement of a rehearsal, and reading it took twice as long as the server did."""
    assert not beyond.may_reach_beyond(tracing.LOCKED_SQL)
    assert not beyond.may_reach_beyond(tracing.EVERY_SQL)


def test_what_a_driver_is_given_is_read_as_text() -> None:
    assert text_of(b"drop role x", None) == "drop role x"
    assert text_of(sql.SQL("drop role {}").format(sql.SQL("x")), None) == "drop role x"
    assert text_of(None, None) == ""


def test_files_of_sqlite_are_turned(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    real, copy = str(tmp_path / "app.db"), str(tmp_path / "copy.db")
    stands = Clone("sqlite", "copy.db", {"database": copy}, copy, real)
    turned, _ = redirection(stands, folder=str(folder))
    assert turned.sqlite(real) == copy
    other = turned.sqlite(str(tmp_path / "cache.db"))
    assert Path(other).parent == folder
    assert turned.sqlite(other) == other
    assert turned.is_ours(copy) and turned.is_ours(other) and not turned.is_ours(real)
    (folder / "link.db").symlink_to(real)
    assert not turned.is_ours(str(folder / "link.db"))


@pytest.mark.parametrize(
    ("database", "uri", "name"),
    [
        (":memory:", False, None), ("", False, None), ("a.db", False, "a.db"), (b"a.db", False, "a.db"),
        (Path("/x/a.db"), False, "/x/a.db"), ("file:a.db?mode=ro", True, "a.db"),
        ("file:///x/a%20b.db", True, "/x/a b.db"), ("file:/x/a.db", True, "/x/a.db"),
        ("file::memory:?cache=shared", True, None), ("file:m?mode=memory&cache=shared", True, None),
        ("file:a.db", False, "file:a.db"),
    ],
)  # fmt: skip
def test_the_file_that_sqlite_would_open(database: Any, uri: bool, name: str | None) -> None:
    assert sqlite_name(database, uri) == name


def test_bound_values_are_spelled_as_rendered_ones() -> None:
    sql = "update t set a = %(a_1)s where b like 'x%%'"
    assert as_rendered(sql, style="pyformat") == "update t set a = :a_1 where b like 'x%'"
    assert as_rendered("values (%s, %s)", style="format") == "values (:param_1, :param_2)"
    assert as_rendered("select $1, 5 %% 2", style="numeric_dollar") == "select $1, 5 %% 2"


def test_a_redirect_goes_to_a_worker_and_comes_whole() -> None:
    redirect = Redirect((clone("c1", "shop"),), "/f", "postgresql", without_env=True, allow_subprocess=True)
    job = Job("apply", (), "alembic", (), "heads", "upgrade", "x", redirect=redirect, ask_all=True)
    assert decode(encode(job)) == job
    assert "/s" not in repr(job)
