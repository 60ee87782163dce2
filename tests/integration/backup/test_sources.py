"""Where a backup comes from: a standby that has replayed all, an archive that has the log, a renewed password."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from alembic_safe.backup.create import Source, create_backup
from alembic_safe.backup.external import create_external
from alembic_safe.databases import check_replica, open_database
from alembic_safe.databases.postgresql.server import TemporaryServer
from alembic_safe.databases.postgresql.server.account import server_account
from alembic_safe.errors import BackupError, CredentialsError
from alembic_safe.model.backups import DumpContent
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.targets import ConnectParameters
from tests.support.databases import MAJORS, binaries_by_major

TOLD = (
    'echo backup-id=base-1; echo backup-system=$SAFE_BACKUP_SYSTEM; echo backup-lsn=$SAFE_BACKUP_LSN;'
    ' date -u +backup-finished=%s'
)  # fmt: skip


@pytest.fixture(scope="module")
def archiving() -> Iterator[TemporaryServer]:
    """A server that archives its log and lets standbys stream."""
    if not MAJORS[0]:
        pytest.skip("no PostgreSQL programs on this machine")
    settings = {
        "wal_level": "replica", "archive_mode": "on", "max_wal_senders": "5", "hot_standby": "on",
        # in the data folder, where the server's account may write whoever runs the suite
        "archive_command": "mkdir -p archived && cp %p archived/%f",
    }  # fmt: skip
    with TemporaryServer(binaries_by_major()[MAJORS[0]], settings=settings) as server:
        server.create_database("shop")
        with (server.folder / "data/pg_hba.conf").open("a") as rules:
            rules.write("local replication all trust\n")
        with server.connect("shop") as connection:
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE TABLE a AS SELECT g FROM generate_series(1, 1000) g")
        yield server


def opened_on(keywords):
    return open_database(ConnectParameters("postgresql", "psycopg", keywords), policy=ControlPolicy())


@pytest.fixture
def shop(archiving):
    database = opened_on(archiving.keywords("shop"))
    yield database
    database.close()


def test_a_named_restore_point_behind_the_backup_and_in_the_archive(shop, tmp_path):
    policy = BackupPolicy(tmp_path / "backups", command=TOLD, replica_wait=30)
    manifest = create_external(shop, policy=policy, run="run1", heads={"alembic_version": ("a",)})
    point = manifest.restore_point
    assert point is not None
    assert (point.name, point.archived, point.timeline) == (manifest.id, True, 1)
    assert manifest.system == manifest.external["system"]
    later = shop.fetch("SELECT %s::pg_lsn >= %s::pg_lsn", [point.lsn, manifest.position])[0][0]
    assert later


def test_an_archive_that_takes_nothing_stops_the_run(archiving, shop, tmp_path):
    shop.execute("ALTER SYSTEM SET archive_command = 'false'")
    shop.execute("SELECT pg_reload_conf()")
    try:
        policy = BackupPolicy(tmp_path / "backups", command=TOLD, replica_wait=2)
        with pytest.raises(BackupError, match="did not reach the archive in"):
            create_external(shop, policy=policy, run=None, heads={})
        assert not [one for one in (tmp_path / "backups").iterdir() if not one.name.startswith(".")]
    finally:
        shop.execute("ALTER SYSTEM RESET archive_command")
        shop.execute("SELECT pg_reload_conf()")


@pytest.fixture
def standby(archiving) -> Iterator[TemporaryServer]:
    """A standby that streams from `archiving`, made by pg_basebackup."""
    server = TemporaryServer(archiving.binaries)
    with server:
        server.stop()
        data = server.folder / "data"
        subprocess.run(["rm", "-rf", str(data)], check=True)
        keywords = archiving.keywords("postgres")
        account = server_account()
        subprocess.run(
            [str(archiving.bindir / "pg_basebackup"), "-D", str(data), "-X", "stream", "-R", "-c", "fast",
             "-h", keywords["host"], "-p", str(keywords.get("port", 5432)), "-U", keywords["user"]],
            check=True, capture_output=True, user=account.uid if account.dropped else None,
            group=account.gid if account.dropped else None, extra_groups=[] if account.dropped else None, cwd="/",
        )  # fmt: skip
        conf = data / "postgresql.conf"
        conf.write_text(
            conf.read_text().replace(keywords["host"], str(server.folder)) + "\narchive_mode = 'off'\n"
        )
        server.start()
        yield server


@pytest.mark.long
def test_dumped_from_a_standby_that_has_replayed_all(archiving, shop, standby, tmp_path):
    replica = opened_on(standby.keywords("shop"))
    try:
        assert replica.facts.in_recovery
        shop.execute("CREATE TABLE late AS SELECT g FROM generate_series(1, 5000) g")
        check_replica(shop, replica, timeout=20, tick=lambda: None)
        manifest = create_backup(
            shop, policy=BackupPolicy(tmp_path / "backups"), run=None, heads={}, source=Source(replica)
        )
        assert {one.name: one.rows for one in manifest.tables} == {"public.a": 1000, "public.late": 5000}
        assert manifest.source == replica.facts.address
        assert manifest.address == shop.facts.address

        replica.execute("SELECT pg_wal_replay_pause()")
        shop.execute("INSERT INTO late VALUES (0)")
        with pytest.raises(BackupError, match=r"bytes behind after 1 s: its replay is paused"):
            check_replica(shop, replica, timeout=1, tick=lambda: None)
    finally:
        replica.close()
        shop.execute("DROP TABLE IF EXISTS late")


def test_another_server_is_no_replica(shop, pg, pg_database, opened, monkeypatch):
    stranger = opened(pg_database)
    with pytest.raises(BackupError, match="leads to the database"):
        check_replica(shop, stranger, timeout=1, tick=lambda: None)
    pg.create_database("shop")
    try:
        same_name = opened(pg.keywords("shop"))
        with pytest.raises(BackupError, match=r"holds other data|a server of its own"):
            check_replica(shop, same_name, timeout=1, tick=lambda: None)
        # neither tells: two that are not known are not the same
        monkeypatch.setattr("alembic_safe.databases.postgresql.replica.system_identifier", lambda _: "")
        with pytest.raises(BackupError, match="it cannot be told whether"):
            check_replica(shop, same_name, timeout=1, tick=lambda: None)
        same_name.close()
    finally:
        pg.drop_database("shop")


def test_a_password_that_is_no_longer_taken_is_renewed_or_named(pg_tcp, tmp_path):
    pg_tcp.create_database("tokens")
    with pg_tcp.connect("tokens") as connection:
        connection.execute("CREATE TABLE a AS SELECT 1 AS one")
        connection.execute("CREATE ROLE app LOGIN SUPERUSER PASSWORD 'old-token'")
        keywords = {**pg_tcp.keywords("tokens", tcp=True), "user": "app", "password": "old-token"}
        database = opened_on(keywords)
        try:
            connection.execute("ALTER ROLE app PASSWORD 'new-token'")
            policy = BackupPolicy(tmp_path / "backups")
            with pytest.raises(CredentialsError, match="could not log in") as caught:
                create_backup(database, policy=policy, run=None, heads={})
            assert "expires too soon" in caught.value.hint
            assert "old-token" not in f"{caught.value.message} {caught.value.hint} {caught.value.detail}"
            renew = Source(renew=lambda: opened_on({**keywords, "password": "new-token"}))
            manifest = create_backup(database, policy=policy, run=None, heads={}, source=renew)
            assert manifest.rows == 1
        finally:
            database.close()
            connection.execute("DROP ROLE app")
    pg_tcp.drop_database("tokens")


def test_what_the_role_may_not_read_is_named_before_anything_is_dumped(pg_database, opened, pg, tmp_path):
    pg_database.fetch(
        "CREATE TABLE open (); CREATE TABLE hidden (); CREATE ROLE reader LOGIN; GRANT SELECT ON open TO reader"
    )
    try:
        database = opened({**pg_database.keywords, "user": "reader"})
        with pytest.raises(BackupError, match=r"may not read public.hidden") as caught:
            create_backup(database, policy=BackupPolicy(tmp_path / "b"), run=None, heads={})
        assert "pg_read_all_data" in caught.value.hint
        database.close()
    finally:
        pg_database.fetch("DROP OWNED BY reader; DROP ROLE reader")


def test_the_rows_of_few_tables_only(any_pg_database, back_up, opened, tmp_path):
    any_pg_database.fetch(
        "CREATE TABLE a AS SELECT 1 AS x; CREATE TABLE b AS SELECT 1 AS x; CREATE SEQUENCE s START 7"
    )
    any_pg_database.fetch("SELECT nextval('s')")
    source = Source(content=DumpContent((("public", "a"),), large_objects=False), left_out=1)
    manifest = create_backup(
        opened(any_pg_database), policy=BackupPolicy(tmp_path / "b"), run=None, heads={}, source=source
    )
    assert [(one.name, one.rows) for one in manifest.tables] == [("public.a", 1)]
