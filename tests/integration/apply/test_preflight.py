"""Each preflight check against a real server: it finds what it is for, and is quiet where that is not."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.apply import preflight
from alembic_safe.apply.preflight.checks import free_disk
from alembic_safe.databases.postgresql.beside import sessions_on
from alembic_safe.errors import BackupError, RefusedError, SettingsError
from alembic_safe.model.policies import BackupPolicy
from alembic_safe.model.preflight import ForbiddenHours, Obstacle, PlannedWork
from alembic_safe.model.revisions import Revision
from tests.support.processes import wait_until

Found = Any
ALTER = "ALTER TABLE t ADD COLUMN x int"


@pytest.fixture
def table(pg_database: Any) -> Any:
    """A database with a table `t` of a hundred rows."""
    pg_database.fetch("CREATE TABLE t AS SELECT n AS id FROM generate_series(1, 100) AS n")
    return pg_database


def test_every_check_is_quiet_on_a_quiet_server(any_pg_database: Any, scene: Any) -> None:
    any_pg_database.fetch("CREATE TABLE t (id int)")
    here = scene(any_pg_database, ALTER, "CREATE INDEX ON t (id)", "CREATE TABLE u (id int)")
    assert [o for item in preflight.look(here) for o in item.obstacles] == []
    assert len(preflight.look(here)) == len(preflight.all_checks())


def test_old_transaction(table: Any, scene: Any, found: Found) -> None:
    holder = table.connect(application_name="web-3")
    holder.execute("BEGIN")
    holder.execute("SELECT count(*) FROM t")
    pid = holder.info.backend_pid
    ((level, message),) = found("old-transaction", scene(table, ALTER, old_transaction=0.0))
    assert level == "refuse"
    assert message.startswith(
        f"pid {pid} of postgres (web-3), idle in transaction has held ACCESS SHARE on public.t"
    )
    assert message.endswith("the plan needs ACCESS EXCLUSIVE")
    # not old, not in the way, not on that table
    assert found("old-transaction", scene(table, ALTER)) == []
    assert found("old-transaction", scene(table, "CREATE INDEX ON t (id)", old_transaction=0.0)) == []
    table.fetch("CREATE TABLE other (id int)")
    assert found("old-transaction", scene(table, "DROP TABLE other", old_transaction=0.0)) == []


def test_old_transaction_on_a_partition_and_for_concurrently(
    pg_database: Any, scene: Any, found: Found
) -> None:
    pg_database.fetch("CREATE TABLE t (id int) PARTITION BY RANGE (id)")
    pg_database.fetch("CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (9)")
    holder = pg_database.connect()
    holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    holder.execute("SELECT count(*) FROM t1")
    ((_, message),) = found("old-transaction", scene(pg_database, ALTER, old_transaction=0.0))
    assert "on public.t1 " in message
    pg_database.fetch("CREATE TABLE elsewhere (id int)")
    concurrent = "CREATE INDEX CONCURRENTLY ON elsewhere (id) -- autocommit"
    ((level, message),) = found("old-transaction", scene(pg_database, concurrent, old_transaction=0.0))
    assert level == "warn"
    assert message.endswith("for which everything CONCURRENTLY waits")


def test_prepared_transaction(pg_servers: Any, make_pg_database: Any, scene: Any, found: Found) -> None:
    from alembic_safe.databases.postgresql.server import TemporaryServer
    from tests.support.databases import binaries_by_major

    binaries = next(iter(binaries_by_major().values()))
    with TemporaryServer(binaries, settings={"max_prepared_transactions": "2"}) as server:
        with server.connect() as connection:
            connection.execute("CREATE TABLE t (id int)")
            connection.execute("BEGIN")
            connection.execute("INSERT INTO t VALUES (1)")
            connection.execute("PREPARE TRANSACTION 'o''clock'")
        ((level, message),) = found("prepared-transaction", scene(server.keywords(), ALTER))
        assert level == "refuse"
        assert message.startswith(
            "prepared transaction 'o'clock' of postgres holds ROW EXCLUSIVE on public.t"
        )
        ((level, _),) = found("prepared-transaction", scene(server.keywords(), old_transaction=0.0))
        assert level == "warn"
        cure = next(
            iter(preflight.all_checks()["prepared-transaction"].look(scene(server.keywords(), ALTER)))
        ).cure
        assert "ROLLBACK PREPARED 'o''clock'" in cure


def test_wraparound_that_is_due(table: Any, scene: Any, found: Found) -> None:
    table.fetch("ALTER TABLE t SET (autovacuum_freeze_max_age = 100000)")
    assert found("wraparound-vacuum", scene(table, ALTER)) == []
    connection = table.connect()
    connection.execute(
        "CREATE PROCEDURE burn() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..100100 LOOP"
        " PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
    )
    connection.execute("CALL burn()")
    ((level, message),) = found("wraparound-vacuum", scene(table, ALTER))
    assert level == "warn"
    assert message.startswith("t is due for a vacuum to prevent wraparound")


@pytest.mark.slow
def test_wraparound_vacuum_that_runs(scene: Any, found: Found) -> None:
    from alembic_safe.databases.postgresql.server import TemporaryServer
    from tests.support.databases import binaries_by_major

    settings = {
        "autovacuum": "on",
        "autovacuum_naptime": "1s",
        "autovacuum_freeze_max_age": "100000",
        "autovacuum_vacuum_cost_delay": "100ms",
        "autovacuum_vacuum_cost_limit": "1",
    }
    with TemporaryServer(next(iter(binaries_by_major().values())), settings=settings) as server:
        with server.connect() as connection:
            connection.execute(
                "CREATE TABLE t AS SELECT n AS id, repeat('x', 500) FROM generate_series(1, 20000) n"
            )
            connection.execute(
                "CREATE PROCEDURE burn() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..100100 LOOP"
                " PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
            )
            connection.execute("CALL burn()")

        def refused() -> list[tuple[str, str]]:
            return [
                one
                for one in found("wraparound-vacuum", scene(server.keywords(), ALTER))
                if one[0] == "refuse"
            ]

        ((_, message),) = wait_until(refused, 60, "an autovacuum to prevent wraparound")
        assert message.startswith("an autovacuum to prevent wraparound is on public.t")


def test_role_rights(table: Any, scene: Any, found: Found) -> None:
    table.fetch("CREATE ROLE app_migrator LOGIN")
    try:
        create = "CREATE TABLE u (id int)"
        facts = found("role-rights", scene(table, ALTER, create, role="app_migrator"))
        assert facts == [
            ("refuse", "role app_migrator does not own public.t, which the plan alters"),
            ("refuse", "role app_migrator may not create anything in schema public, and the plan does"),
        ]
        # somebody else by then; and what the plan itself makes is its own
        assert found("role-rights", scene(table, "SET ROLE postgres", ALTER, role="app_migrator")) == []
        table.fetch("GRANT CREATE ON SCHEMA public TO app_migrator")
        made = scene(table, create, "ALTER TABLE u ADD COLUMN x int", role="app_migrator")
        assert found("role-rights", made) == []
        table.fetch("ALTER TABLE t OWNER TO app_migrator")
        assert found("role-rights", scene(table, ALTER, role="app_migrator")) == []
    finally:
        table.fetch("DROP OWNED BY app_migrator CASCADE")
        table.fetch("DROP ROLE app_migrator")


def test_connection_limit(table: Any, scene: Any, found: Found) -> None:
    table.fetch("CREATE ROLE app_small LOGIN CONNECTION LIMIT 3")
    try:
        backup = BackupPolicy(jobs=2)
        assert found("connection-limit", scene(table, role="app_small", backup=backup)) == []
        table.connect(user="app_small")
        ((level, message),) = found("connection-limit", scene(table, role="app_small", backup=backup))
        assert (level, message) == (
            "refuse",
            "2 connections are left of role app_small's 3, and a run takes 3",
        )
        assert found("connection-limit", scene(table, backup=backup)) == []
    finally:
        table.close_connections()
        wait_until(lambda: not table.sessions() or len(table.sessions()) < 4)
        table.fetch("DROP ROLE app_small")


def test_published_journal(table: Any, scene: Any, found: Found, log: Any) -> None:
    table.fetch("CREATE PUBLICATION everything FOR ALL TABLES")
    ((level, message),) = found("published-journal", scene(table))
    assert level == "refuse"
    assert message.startswith("publication everything publishes every table, the journal's too")
    assert found("published-journal", scene(table, journal_schema=None)) == []
    table.fetch("CREATE SCHEMA alembic_safe CREATE TABLE run (id text)")
    assert [level for level, _ in found("published-journal", scene(table))] == ["warn"]
    table.fetch("DROP PUBLICATION everything")
    table.fetch("CREATE PUBLICATION one FOR TABLE t")
    assert found("published-journal", scene(table)) == []


def test_orphaned_backend(table: Any, scene: Any, found: Found) -> None:
    name = "alembic-safe/20260101T000000Z-abcdef"
    table.connect(application_name=name)
    here = scene(table, ALTER)
    ((level, message),) = found("orphaned-backend", here)
    assert level == "refuse"
    assert message.startswith("a session of run 20260101T000000Z-abcdef is still open")
    assert found("orphaned-backend", scene(table, ALTER, own=frozenset({name}))) == [], "our own worker"


def test_free_disk(table: Any, scene: Any, found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    rewriting = scene(table, "ALTER TABLE t ALTER id TYPE bigint", "CREATE INDEX ON t (id)")
    assert 8192 * 2 <= free_disk.estimate(rewriting) < 200_000
    assert free_disk.estimate(scene(table, ALTER)) == 0
    assert found("free-disk", rewriting) == [], "the server is here, and there is room"
    needed = free_disk.estimate(rewriting)
    for free, levels in ((needed * 3, []), (needed * 1.5, ["warn"]), (needed * 0.5, ["refuse"])):
        monkeypatch.setattr(free_disk, "_free", lambda scene, free=free: free)
        assert [level for level, _ in found("free-disk", rewriting)] == levels


def test_replication_slot(table: Any, scene: Any, found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic_safe.apply.preflight.checks import replication_slot

    table.fetch("SELECT pg_create_physical_replication_slot('left_behind', true)")
    try:
        assert found("replication-slot", scene(table)) == [], "it keeps little yet"
        monkeypatch.setattr(replication_slot, "_MUCH", 1.0)
        table.fetch("CREATE TABLE filler AS SELECT generate_series(1, 1000)")
        ((level, message),) = found("replication-slot", scene(table))
        assert level == "warn"
        assert message.startswith("nobody reads the physical replication slot left_behind, which keeps")
    finally:
        table.fetch("SELECT pg_drop_replication_slot('left_behind')")


def test_session_visibility(table: Any, scene: Any, found: Found) -> None:
    table.fetch("CREATE ROLE app_blind LOGIN")
    keywords = {**table.keywords, "user": "app_blind"}
    try:
        blind = scene(keywords, doctor=True)
        ((level, message),) = found("session-visibility", blind)
        assert level == "warn"
        assert message.startswith("role app_blind cannot see the sessions of others")
        assert found("session-visibility", scene(keywords, "SELECT 1")) == [], "not before every run"
        table.fetch("GRANT pg_read_all_stats TO app_blind")
        assert found("session-visibility", blind) == []
        blind.database.close()
    finally:
        wait_until(lambda: all("control" not in s[1] for s in table.sessions()) or True)
        for here in table.sessions():
            table.fetch("SELECT pg_terminate_backend(%s)", (here[0],))
        table.fetch("DROP ROLE app_blind")


def test_a_blind_role_sees_who_is_connected(table: Any, scene: Any, found: Found) -> None:
    """It is not told what kind of session another's is, and must not take it for none."""
    table.fetch("CREATE ROLE app_blind LOGIN")
    table.fetch("CREATE ROLE app_other LOGIN CONNECTION LIMIT 3")
    database = scene({**table.keywords, "user": "app_blind"}).database
    run = "alembic-safe/20260101T000000Z-abcdef"
    try:
        table.connect(application_name="shop v1")
        table.connect(user="app_other", application_name=run)
        assert ("shop v1", 1) in database.fetch(preflight.query("applications"))
        left = {what: free for what, free, _ in database.fetch(preflight.query("connections"), ["app_other"])}
        assert left["role app_other's 3"] == 2
        assert [row[1] for row in database.fetch(preflight.query("runs_sessions"))] == [run]
        said = [who for who, _ in sessions_on(database, table.name)]
        assert len(said) == 1, said
        assert said[0].endswith("postgres (shop v1)"), said
    finally:
        database.close()
        table.close_connections()
        wait_until(lambda: not [s for s in table.sessions() if "psycopg" not in s[1] and s[1]])
        table.fetch("DROP ROLE app_blind")
        table.fetch("DROP ROLE app_other")


def test_dump_tool(table: Any, scene: Any, found: Found, tmp_path: Path) -> None:
    assert found("dump-tool", scene(table, backup=BackupPolicy())) == []
    here = scene(table, backup=BackupPolicy(bindir=tmp_path))
    ((level, message),) = found("dump-tool", here)
    assert level == "refuse"
    assert "no pg_dump that runs in" in message
    obstacles = [o for i in preflight.look(here) for o in i.obstacles]
    with pytest.raises(BackupError, match="no pg_dump that runs in"):
        preflight.refuse(obstacles)
    assert found("dump-tool", scene(table)) == [], "no backup is to be made"


def test_server_version_and_read_only_and_pooler(table: Any, scene: Any, found: Found) -> None:
    from dataclasses import replace

    here = scene(table)

    class Elsewhere:
        """The same database with other facts."""

        def __init__(self, **changed: Any) -> None:
            self.facts = replace(here.database.facts, **changed)

    def at(work: Any = None, **changed: Any) -> Any:
        return replace(here, database=Elsewhere(**changed), work=work)

    newer = found("server-version", at(version="19.1", version_number=190001))
    assert [level for level, _ in newer] == ["warn"]
    older = found("server-version", at(version="12.4", version_number=120004))
    assert [level for level, _ in older] == ["refuse"]
    assert [level for level, _ in found("read-only", at(in_recovery=True))] == ["refuse"]
    assert [level for level, _ in found("pooler", at(pooler=True))] == ["warn"], "no backup is to be made"
    with_backup = replace(at(pooler=True), backup=BackupPolicy())
    assert [level for level, _ in found("pooler", with_backup)] == ["refuse"]
    alone = PlannedWork(autocommit=True)
    assert [level for level, _ in found("pooler-autocommit", at(alone, pooler=True))] == ["refuse"]
    assert found("pooler-autocommit", at(alone)) == []
    through = replace(at(alone), pooled=True)
    assert [level for level, _ in found("pooler-autocommit", through)] == ["warn"]
    assert found("pooler-autocommit", replace(through, work=PlannedWork())) == []


def test_several_heads(table: Any, scene: Any, found: Found) -> None:
    def rev(id_: str, *down: str, labels: tuple[str, ...] = ()) -> Revision:
        return Revision(id_, down, (), labels, "", f"/{id_}.py", "")

    forked = (rev("a"), rev("b", "a"), rev("c", "a"))
    ((level, message),) = found("several-heads", scene(table, heads=("b", "c"), revisions=forked))
    assert (level, message) == ("warn", "the history has several heads that nobody merged: b, c")
    apart = (rev("a"), rev("b", "a"), rev("x"))
    assert found("several-heads", scene(table, heads=("b", "x"), revisions=apart)) == []
    named = (rev("a"), rev("b", "a", labels=("one",)), rev("c", "a", labels=("two",)))
    assert found("several-heads", scene(table, heads=("b", "c"), revisions=named)) == []


def test_forbidden_hours(table: Any, scene: Any, found: Found) -> None:
    whole_day = ForbiddenHours(0, 24 * 60, text="00:00-24:00")
    ((level, message),) = found("forbidden-hours", scene(table, not_between=(whole_day,)))
    assert (level, message) == ("refuse", "nothing is applied between 00:00-24:00 (not-between)")
    other_day = frozenset({(datetime.now(timezone.utc).weekday() + 3) % 7})
    assert found("forbidden-hours", scene(table, not_between=(ForbiddenHours(0, 24 * 60, other_day),))) == []


def test_a_persons_word_goes_before_the_checks_own(table: Any, scene: Any) -> None:
    hours = (ForbiddenHours(0, 24 * 60, text="00:00-24:00"),)

    def obstacles(level: str) -> list[Obstacle]:
        here = scene(table, not_between=hours, levels={"forbidden-hours": level})
        return [o for i in preflight.look(here, planned=False) for o in i.obstacles]

    with pytest.raises(RefusedError, match="nothing is applied between") as caught:
        preflight.refuse(obstacles("refuse"))
    assert "--preflight forbidden-hours=warn" in caught.value.hint
    assert [o.level for o in obstacles("warn")] == ["warn"]
    preflight.refuse(obstacles("warn"))
    assert obstacles("off") == []
    with pytest.raises(SettingsError, match="no check 'old-transactions'"):
        preflight.require_known(["old-transactions"])


def test_checks_about_a_real_standby(scene: Any, found: Found) -> None:
    from tests.support.standby import streaming

    with streaming({"max_standby_streaming_delay": "-1"}) as pair:
        keywords = pair.primary.keywords()
        with pair.primary.connect() as connection:
            connection.execute("CREATE TABLE t (id int)")
            connection.execute("CREATE ROLE app_blind LOGIN")
        pair.caught_up()
        blind = {**keywords, "user": "app_blind"}
        assert found("replica-lag", scene(blind)) == [], "nobody asked for it to be waited for"
        ((level, message),) = found("replica-lag", scene(blind, replica_lag=30.0))
        assert (level, message.partition(",")[0]) == (
            "refuse",
            "role app_blind cannot see how far behind standby1 is",
        )
        assert found("replica-lag", scene(keywords, replica_lag=30.0)) == []
        assert found("standby-conflict", scene(keywords, ALTER)) == []
        assert found("replica-lag", scene(keywords)) == []
        assert found("read-only", scene(pair.standby.keywords()))[0][0] == "refuse"
        pair.pause()
        with pair.primary.connect() as connection:
            connection.execute("INSERT INTO t SELECT generate_series(1, 1000)")
        ((level, message),) = wait_until(lambda: found("standby-conflict", scene(keywords, ALTER)), 10)
        assert level == "warn"
        assert message.startswith("standby standby1 has ")
        assert found("standby-conflict", scene(keywords, "INSERT INTO t VALUES (1)")) == []
        pair.resume()
        pair.caught_up()
        reader = pair.standby.connect()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM t")
        _alter(pair.primary)
        ((_, message),) = wait_until(lambda: found("standby-conflict", scene(keywords, ALTER)), 10)
        assert "a query there is in the way" in message
        reader.close()
        pair.caught_up()


def _alter(server: Any) -> None:
    with server.connect() as connection:
        connection.execute("ALTER TABLE t ADD COLUMN y int")
