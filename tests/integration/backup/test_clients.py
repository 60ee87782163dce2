"""What a client can compress with, what the server lacks for a restore, and how large a dump will be."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from alembic_safe.backup import verify_backup
from alembic_safe.backup.stores import FolderStore
from alembic_safe.databases.postgresql.clients import find_dump_client
from alembic_safe.databases.postgresql.dumpable import can_compress
from alembic_safe.model.events import BackupProgress, Notice
from tests.support.databases import MAJORS, TestDatabase


@pytest.fixture
def zstd_database(pg_servers):
    """A database on a server whose client was built with zstd; skips where there is none."""
    for major in MAJORS:
        server = pg_servers(major) if major else None
        if server is None or major < 16:  # pg_dump knows zstd since 16
            continue
        client = find_dump_client(major, bindir=server.bindir, server_bindir=None)
        if can_compress(client, "zstd"):
            server.create_database("zstd_1")
            yield TestDatabase("zstd_1", server)
            server.drop_database("zstd_1")
            return
    pytest.skip("no PostgreSQL client with zstd on this machine")


def test_zstd_where_the_client_has_it(zstd_database, back_up, tmp_path):
    zstd_database.fetch("CREATE TABLE a AS SELECT g, md5(g::text) FROM generate_series(1, 5000) g")
    manifest = back_up(zstd_database, compression="zstd:3", bindir=zstd_database.server.bindir)
    assert manifest.compression == "zstd:3"
    assert [(one.name, one.rows) for one in manifest.tables] == [("public.a", 5000)]
    data = [one.name for one in manifest.files if one.name.endswith(".zst")]
    assert data
    folder = tmp_path / "backups" / manifest.id
    assert (folder / data[0]).read_bytes()[:4] == b"\x28\xb5\x2f\xfd"  # RFC 8878, 3.1.1
    store = FolderStore(tmp_path / "backups")
    assert verify_backup(store, manifest.id, bindir=zstd_database.server.bindir).good

    restored = "zstd_restored"
    zstd_database.server.create_database(restored)
    try:
        into = " ".join(f"{k}={v}" for k, v in zstd_database.server.keywords(restored).items())
        program = str(zstd_database.server.bindir / "pg_restore")
        subprocess.run([program, f"--dbname={into}", str(folder / "dump")], check=True)
        assert TestDatabase(restored, zstd_database.server).fetch("SELECT count(*) FROM a") == [(5000,)]
    finally:
        zstd_database.server.drop_database(restored)


def test_an_extension_whose_files_are_gone_is_named_before_the_dump(pg_database, back_up):
    names = pg_database.fetch(
        "SELECT name FROM pg_available_extensions WHERE name <> 'plpgsql' ORDER BY name <> 'btree_gist' LIMIT 1"
    )
    if not names:
        pytest.skip("this server has no extension but its own language")
    name = names[0][0]
    pg_database.fetch(f'CREATE EXTENSION "{name}"')
    events: list[Any] = []
    back_up(pg_database, sink=events.append)
    assert not [one for one in events if isinstance(one, Notice)]

    # as after an upgrade of the machine that left the extension's package out
    pg_database.fetch(f"UPDATE pg_extension SET extname = 'postgis_gone' WHERE extname = '{name}'")
    try:
        events.clear()
        back_up(pg_database, sink=events.append)
        first = next(n for n, one in enumerate(events) if isinstance(one, Notice))
        assert "postgis_gone" in events[first].message
        assert events[first].hint
        assert not [one for one in events[:first] if isinstance(one, BackupProgress)]
    finally:
        pg_database.fetch(f"UPDATE pg_extension SET extname = '{name}' WHERE extname = 'postgis_gone'")


def test_the_second_dump_of_a_database_knows_how_large_it_will_be(pg_database, back_up):
    pg_database.fetch("CREATE TABLE a AS SELECT g, md5(g::text) FROM generate_series(1, 20000) g; ANALYZE a")
    events: list[Any] = []
    first = back_up(pg_database, sink=events.append)
    dumps = [one for one in events if isinstance(one, BackupProgress) and one.phase == "dump"]
    assert dumps and all(one.expected is None for one in dumps)
    events.clear()
    second = back_up(pg_database, sink=events.append)
    dumps = [one for one in events if isinstance(one, BackupProgress) and one.phase == "dump"]
    assert dumps and all(one.expected is not None for one in dumps)
    assert 0.8 * first.size <= dumps[0].expected <= 1.2 * second.size
