"""The control connection on every PostgreSQL at hand."""

from __future__ import annotations

import time

import psycopg
import pytest

from alembic_safe.databases import SERVER_IDENTITY_SQL
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.errors import AlembicSafeError, GaveUpError, RefusedError, UnreachableError, UsageError
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.targets import Session, VersionTable
from tests.support.processes import wait_until


def test_facts(any_pg_database, opened):
    facts = opened(any_pg_database).facts

    assert facts.dialect == "postgresql"
    assert facts.version.split(".")[0] == str(any_pg_database.major) == str(facts.version_number // 10_000)
    assert facts.database == any_pg_database.name
    assert facts.address == f"{any_pg_database.keywords['host']}:5432/{any_pg_database.name}"
    assert facts.size is not None
    assert facts.size > 1_000_000
    assert (facts.in_recovery, facts.read_only, facts.pooler) == (False, False, False)
    assert facts.user == any_pg_database.keywords["user"]


def test_identity_is_the_same_for_another_session_and_role_and_differs_between_databases(
    any_pg_database, make_pg_database, opened
):
    other = any_pg_database.connect(options="-c DateStyle=German -c TimeZone=Asia/Tokyo")
    other.execute("CREATE ROLE plain_reader")
    try:
        other.execute("SET ROLE plain_reader")
        other.execute("SET client_encoding = latin1")
        text = other.execute(f"SELECT {SERVER_IDENTITY_SQL}".encode()).fetchone()[0]
    finally:
        other.execute("RESET ROLE")
        other.execute("DROP ROLE plain_reader")

    assert text == opened(any_pg_database).facts.server
    assert text != opened(make_pg_database(any_pg_database.server)).facts.server


def test_every_query_runs_on_every_server(any_pg_database, opened):
    database = opened(any_pg_database)
    arguments = {
        "cancel": [0, ""],
        "terminate": [0, ""],
        "settle_session": [0],
        "sessions": ["x"],
        "resolve_table": ["x"],
        "lock_holder": [[1]],
        "locks_held": [[1]],
    }
    for name in ("facts", "version_tables", *arguments):
        database.fetch(query(name), arguments.get(name, ()))


def test_settings_of_role_and_project_do_not_spoil_our_session(any_pg_database, opened):
    options = "-c statement_timeout=50ms -c DateStyle=German -c lock_timeout=1ms -c search_path=elsewhere"
    database = opened(any_pg_database.keywords | {"options": options})

    assert database.fetch("SHOW statement_timeout") == [("0",)]
    assert database.fetch("SHOW DateStyle") == [("ISO, YMD",)]
    database.fetch("SELECT pg_sleep(0.1)")
    assert database.fetch("SHOW search_path") == [("elsewhere",)]  # the project's, by which tables are found
    assert database.fetch("SHOW client_encoding") == [("UTF8",)]
    assert database.fetch("SHOW application_name") == [("alembic-safe/control",)]


def test_policy_keywords_replace_the_projects(pg_database, opened):
    database = opened({"host": "/nowhere"}, policy=ControlPolicy(keywords=pg_database.keywords))

    assert database.facts.database == pg_database.name


def test_read_only_sessions_write_nothing(pg_database, opened):
    database = opened(pg_database, read_only=True)

    with pytest.raises(RefusedError, match="read-only"):
        database.execute("CREATE TABLE t (x int)")


def test_heads_by_search_path_and_schema(any_pg_database, opened):
    any_pg_database.fetch(
        """CREATE SCHEMA tenant; CREATE TABLE tenant.alembic_version (version_num varchar(32));
           INSERT INTO tenant.alembic_version VALUES ('b'), ('a')"""
    )
    plain = opened(any_pg_database)
    tenant = opened(any_pg_database.keywords | {"options": "-c search_path=tenant"})

    assert plain.read_heads(VersionTable()) is None
    assert plain.read_heads(VersionTable(schema="tenant")) == ("a", "b")
    assert tenant.read_heads(VersionTable()) == ("a", "b")
    assert plain.read_heads(VersionTable(schema="no such")) is None
    plain.execute("DELETE FROM tenant.alembic_version")
    assert tenant.read_heads(VersionTable()) == ()


def test_version_tables_are_found_under_any_name(any_pg_database, opened):
    any_pg_database.fetch(
        """CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
           CREATE TABLE "My ""Versions"" x" (version_num text, dropped int);
           ALTER TABLE "My ""Versions"" x" DROP COLUMN dropped;
           INSERT INTO "My ""Versions"" x" VALUES ('x');
           CREATE TABLE two (version_num varchar(32), other int);
           CREATE TABLE number (version_num int);
           CREATE VIEW looks AS SELECT version_num FROM alembic_version;
           CREATE TABLE parted (version_num varchar(32)) PARTITION BY LIST (version_num)"""
    )

    assert opened(any_pg_database).version_tables() == {
        VersionTable("alembic_version", "public"): (),
        VersionTable('My "Versions" x', "public"): ("x",),
    }


def test_transaction_outcomes(any_pg_database, opened):
    database = opened(any_pg_database)
    other = any_pg_database.connect()
    other.autocommit = False
    current = "SELECT pg_current_xact_id()::text"

    xid = other.execute(current).fetchone()[0]
    assert database.transaction_outcome(xid) == "in progress"
    other.rollback()
    assert database.transaction_outcome(xid) == "aborted"
    xid = other.execute(current).fetchone()[0]
    other.commit()
    assert database.transaction_outcome(xid) == "committed"
    for nonsense in ("", "x", "-1", "18446744073709551000", "99999999999999999999999", "1;2", "2000000000"):
        assert database.transaction_outcome(nonsense) == "unknown", nonsense


def test_sessions_are_named_cancelled_and_ended_by_pid_and_start(any_pg_database, opened):
    name = "alembic-safe/" + "x" * 70  # the server keeps 63 bytes of it
    database = opened(any_pg_database)
    other = any_pg_database.connect(application_name=name)
    (session,) = database.sessions(name)
    assert session.pid == other.info.backend_pid

    database.terminate([Session(session.pid, "2001-01-01 00:00:00.000000")])  # another by now
    assert other.execute("SELECT 1").fetchone() == (1,)
    database.terminate([session])
    with pytest.raises(psycopg.OperationalError):
        other.execute("SELECT 1")
    wait_until(lambda: not database.sessions(name), 3, "the session to end")
    database.terminate([session])  # gone: nothing happens


def test_cancel_stops_a_statement_and_keeps_the_session(pg_database, opened):
    database = opened(pg_database)
    other = pg_database.connect(application_name="worker")
    other.pgconn.send_query(b"SELECT pg_sleep(60)")
    (session,) = database.sessions("worker")
    wait_until(lambda: [s for s in pg_database.sessions() if "pg_sleep" in s[3]], 3, "the query")

    database.cancel([session])
    assert b"canceling statement" in other.pgconn.get_result().error_message
    while other.pgconn.get_result():
        pass
    assert other.execute("SELECT 1").fetchone() == (1,)


def test_sessions_of_roles_above_us_are_left_alone_quietly(any_pg_database, opened):
    admin = any_pg_database.connect(application_name="mine")
    admin.execute("CREATE ROLE small LOGIN")
    try:
        database = opened(any_pg_database.keywords | {"user": "small"})
        assert database.facts.user == "small"
        assert database.sessions("mine") == ()
        began = database.fetch("SELECT 'x'")[0][0]
        database.cancel([Session(admin.info.backend_pid, began)])
        database.terminate([Session(admin.info.backend_pid, began)])
        with pytest.raises(RefusedError, match="permission denied"):
            database.execute("CREATE SCHEMA s")
        database.close()
    finally:
        admin.execute("DROP ROLE small")


@pytest.mark.parametrize("how", ["ended by another", "closed by us"])
def test_a_lost_connection_is_unreachable_everywhere(pg_database, opened, how):
    database = opened(pg_database)
    lock = database.deploy_lock([VersionTable()])
    assert lock.try_take()
    if how == "closed by us":
        database.close()
    else:
        pg_database.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ 'control'"
        )
    calls = [
        lambda: database.read_heads(VersionTable()),
        database.version_tables,
        lambda: database.fetch("SELECT 1"),
        lambda: database.execute("SELECT 1"),
        lambda: database.transaction_outcome("5"),
        lambda: database.sessions("x"),
        lambda: database.cancel([Session(1, "x")]),
        lock.try_take,
        lock.holder,
        lock.check,
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(UnreachableError, match="lost the connection to"):
            call()
    lock.release()
    database._used = time.monotonic() - 20
    with pytest.raises(UnreachableError):
        database.ping()


def test_ping_asks_only_after_15_seconds(pg_database, opened):
    database = opened(pg_database)
    database._connection.close()

    database.ping()  # used a moment ago
    database._used -= 16
    with pytest.raises(UnreachableError):
        database.ping()


def test_errors_carry_the_drivers(pg_database, opened):
    database = opened(pg_database)

    with pytest.raises(AlembicSafeError, match="does not exist") as caught:
        database.fetch("SELECT nothing")
    assert getattr(caught.value.__cause__, "sqlstate", None) == "42703"
    assert database.fetch("SELECT '100%'") == [("100%",)]
    assert database.fetch("SELECT %s::int, %s::text", [1, "a"]) == [(1, "a")]
    assert database.fetch("SELECT %(a)s::int", {"a": 1}) == [(1,)]


def test_a_version_table_locked_by_another_is_not_waited_for_without_bound(pg_database, opened):
    pg_database.fetch("CREATE TABLE alembic_version (version_num varchar(32))")
    other = pg_database.connect()
    other.autocommit = False
    other.execute("LOCK TABLE alembic_version")
    database = opened(pg_database)
    assert database.fetch("SHOW lock_timeout") == [("30s",)]
    database.execute("SET lock_timeout = '50ms'")

    with pytest.raises(GaveUpError, match="lock timeout"):
        database.read_heads(VersionTable())
    other.rollback()


def test_why_there_is_no_connection(pg_tcp, pg_database, opened, monkeypatch):
    tcp = pg_tcp.keywords("postgres", tcp=True)
    cases = [
        (tcp | {"password": "wrong-sekret"}, "password authentication failed for user"),
        ({k: v for k, v in tcp.items() if k != "password"}, "no password supplied"),
        (tcp | {"dbname": "nope"}, 'database "nope" does not exist'),
        (tcp | {"port": "1"}, "Connection refused"),
        (tcp | {"sslmode": "require"}, "does not support SSL"),
        (tcp | {"host": "nowhere.invalid"}, "nowhere.invalid"),
        ({"host": "/nowhere"}, "No such file or directory"),
        ({"service": "nope"}, 'definition of service "nope" not found'),
    ]  # fmt: skip
    for keywords, said in cases:
        with pytest.raises(UnreachableError) as caught:
            opened(keywords)
        error = caught.value
        assert said in error.message, keywords
        assert error.hint != UnreachableError.default_hint, keywords
        assert "\n" not in error.message
        assert "sekret" not in f"{error}{error.hint}{error.detail}"
    with pytest.raises(UsageError, match="invalid connection option"):
        opened(tcp | {"nonsense": "1"})


def test_a_full_server(pg_database, opened):
    pg_database.fetch("CREATE ROLE lonely LOGIN CONNECTION LIMIT 1")
    try:
        first = opened(pg_database.keywords | {"user": "lonely"})
        with pytest.raises(UnreachableError, match='too many connections for role "lonely"'):
            opened(pg_database.keywords | {"user": "lonely"})
        first.close()
    finally:
        wait_until(lambda: not pg_database.sessions(), 3)
        pg_database.fetch("DROP ROLE lonely")
