"""What a backup holds is what the database held, whatever is in it; the rows are counted in the dump."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from typing import Any

import pytest

from alembic_safe.backup import find_backup, list_backups, verify_backup
from alembic_safe.backup.stores import FolderStore
from alembic_safe.errors import BackupError

HOSTILE = r"""
SET check_function_bodies = off;
CREATE SCHEMA "sp ace";
CREATE TABLE plain (id int, t text);
INSERT INTO plain SELECT g, E'\\.\n.\\\n\t' || g FROM generate_series(1, 1000) g;
INSERT INTO plain VALUES (0, E'\\.'), (0, E'\n\\.\nCOPY x (a) FROM stdin;\n'), (0, NULL);
CREATE TABLE "sp ace"."we""ird
COPY public.fake (a) FROM stdin;
näme" ("col
um"";n" text);
INSERT INTO "sp ace"."we""ird
COPY public.fake (a) FROM stdin;
näme" VALUES ('a'), ('b');
CREATE TABLE empty (x int);
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE generated (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO generated SELECT generate_series(1, 7);
CREATE TABLE parted (a int) PARTITION BY RANGE (a);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20);
INSERT INTO parted SELECT generate_series(0, 14);
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $q$ SELECT 'x';
COPY public.plain (id) FROM stdin;
1
\.
$q$;
CREATE FUNCTION g() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT '
COPY public.plain (id, t) FROM stdin;
'; SELECT E'\'
COPY public.plain (id, t) FROM stdin;
 $$ "'; END;
COMMENT ON TABLE plain IS '
COPY public.plain (id, t) FROM stdin;
1	2
\.
';
CREATE VIEW v AS SELECT E'it''s \' -- /* "'::text AS "-- $$";
CREATE TABLE defaults (x text DEFAULT E'\\''COPY');
INSERT INTO defaults VALUES ('q');
SELECT lo_from_bytea(0, decode(repeat('00ff275c2e0a', 100000), 'hex'));
"""
ROWS = {
    '"sp ace"."we""ird\nCOPY public.fake (a) FROM stdin;\nnäme"': 2,
    "public.defaults": 1,
    "public.empty": 0,
    "public.generated": 7,
    "public.no_columns": 2,
    "public.parted_1": 10,
    "public.parted_2": 5,
    "public.plain": 1003,
}


@pytest.mark.parametrize("compression", ["gzip", "gzip:1", "none"])
def test_every_row_of_a_hostile_database(any_pg_database, back_up, tmp_path, compression):
    any_pg_database.fetch(HOSTILE)

    manifest = back_up(
        any_pg_database, compression=compression, heads={"alembic_version": ("a", "b"), "x": None}
    )

    assert {table.name: table.rows for table in manifest.tables} == ROWS
    assert manifest.rows == sum(ROWS.values())
    assert manifest.read
    assert manifest.tool_version.split(".")[0] == str(any_pg_database.major)
    assert manifest.heads == {"alembic_version": ("a", "b"), "x": None}
    assert manifest.position is not None
    assert "/" in manifest.position
    assert manifest.size == sum(file.size for file in manifest.files) > 1000
    listing = find_backup(FolderStore(tmp_path / "backups"), manifest.id)
    assert listing.manifest == manifest
    assert verify_backup(FolderStore(tmp_path / "backups"), manifest.id).faults == ()
    assert find_backup(FolderStore(tmp_path / "backups"), manifest.id).verified is not None


def test_the_dump_restores(pg_database, make_pg_database, back_up, tmp_path, pg):
    pg_database.fetch(HOSTILE)
    manifest = back_up(pg_database)
    fresh = make_pg_database()

    folder = tmp_path / "backups" / manifest.id / "dump"
    arguments = ["-h", fresh.keywords["host"], "-U", fresh.keywords["user"], "-d", fresh.name]
    subprocess.run([pg.bindir / "pg_restore", "--exit-on-error", *arguments, folder], check=True)

    query = "SELECT md5(string_agg(p::text, '|' ORDER BY p::text)), count(*) FROM plain p"
    assert fresh.fetch(query) == pg_database.fetch(query)
    assert fresh.fetch("SELECT count(*) FROM pg_largeobject_metadata") == [(1,)]


@pytest.mark.parametrize("encoding", ["LATIN1", "EUC_JP", "SQL_ASCII"])
def test_databases_in_other_encodings(pg, back_up, encoding):
    name = f"encoded_{encoding.lower()}"
    with pg.connect() as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'".encode())
    try:
        text = "日本" if encoding == "EUC_JP" else "é"
        with pg.connect(name, client_encoding="utf8") as connection:
            if encoding == "SQL_ASCII":
                connection.execute("SET client_encoding = sql_ascii")
            connection.execute(f'CREATE TABLE "{text}" (x text)'.encode())
            connection.execute(f"INSERT INTO \"{text}\" VALUES ('{text}'), (E'\\n')".encode())

        assert [table.rows for table in back_up(pg.keywords(name)).tables] == [2]
    finally:
        with pg.connect() as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_sqlite_is_copied_while_it_is_written(tmp_path, back_up):
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.executescript(
            """CREATE TABLE t (x); CREATE TABLE "od""d" (x); CREATE TABLE e (x);
               CREATE TABLE auto (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO auto DEFAULT VALUES;
               INSERT INTO "od""d" VALUES (1), (2)"""
        )
        connection.executemany("INSERT INTO t VALUES (?)", (("x" * 100,) for _ in range(50_000)))
        connection.commit()
        connection.execute("INSERT INTO t VALUES ('not committed')")
        manifest = back_up(path, heads={"alembic_version": ()})
        connection.commit()

    assert {table.name: table.rows for table in manifest.tables} == {
        "t": 50_000,
        'od"d': 2,
        "e": 0,
        "auto": 1,
    }
    assert (manifest.engine, manifest.position, manifest.compression) == ("sqlite", None, "none")
    assert [file.name for file in manifest.files] == ["dump/database.sqlite3"]
    assert verify_backup(FolderStore(tmp_path / "backups"), manifest.id).good


def test_a_missing_sqlite_file_is_an_empty_database(tmp_path, back_up):
    manifest = back_up(tmp_path / "none.db")

    assert manifest.tables == ()
    assert verify_backup(FolderStore(tmp_path / "backups"), manifest.id).good


def test_progress_and_order_of_the_list(tmp_path, pg_database, back_up):
    pg_database.fetch("CREATE TABLE t AS SELECT md5(g::text) FROM generate_series(1, 100000) g")
    events: list[Any] = []
    ticks = []
    first = back_up(pg_database, sink=events.append, tick=lambda: ticks.append(1))
    second = back_up(pg_database)

    assert [event.phase for event in events] == sorted(
        (event.phase for event in events), key=["dump", "read", "checksum"].index
    )
    assert {event.phase for event in events} == {"dump", "read", "checksum"}
    assert events[-1].size >= first.size
    assert ticks
    listings, unreadable = list_backups(FolderStore(tmp_path / "backups"))
    assert [listing.manifest.id for listing in listings] == [second.id, first.id]
    assert unreadable == ()
    assert (tmp_path / "backups" / ".gitignore").read_text() == "*\n"


def test_a_wrong_major_in_pg_bindir_is_refused(any_pg_database, pg_servers, back_up, tmp_path):
    from tests.support.databases import MAJORS

    other = next((major for major in MAJORS if major != any_pg_database.major), None)
    if other is None:
        pytest.skip("only one PostgreSQL on this machine")
    with pytest.raises(
        BackupError, match=f"is of PostgreSQL {other}, needed is {any_pg_database.major}"
    ) as caught:
        back_up(any_pg_database, bindir=pg_servers(other).bindir)
    assert "pg-bindir" in caught.value.hint
    with pytest.raises(BackupError, match="no pg_dump that runs in"):
        back_up(any_pg_database, bindir=tmp_path)
    assert not (tmp_path / "backups").exists()


def test_no_client_at_all_lists_every_place(pg_database, back_up, monkeypatch, tmp_path):
    from alembic_safe.databases.postgresql import clients
    from alembic_safe.databases.postgresql.database import PostgresDatabase

    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (folder / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(clients, "_WHEELS", ())
    monkeypatch.setattr(clients, "_SYSTEM", ())
    monkeypatch.setattr(PostgresDatabase, "bindir", lambda _: None)

    with pytest.raises(
        BackupError, match=f"no pg_dump of PostgreSQL {pg_database.major} on this machine"
    ) as caught:
        back_up(pg_database)
    assert f"PATH: {folder}/pg_dump: 9.6.24" in str(caught.value.detail)
    assert "pg-bindir" in caught.value.hint


def test_a_compression_that_the_client_has_not(pg_database, back_up, tmp_path):
    try:
        manifest = back_up(pg_database, compression="zstd:3")
    except BackupError as error:
        assert "cannot compress with zstd:3" in error.message
        assert "gzip" in error.hint
        assert list_backups(FolderStore(tmp_path / "backups")) == ((), ())
    else:
        assert any(file.name.endswith(".zst") for file in manifest.files) or not manifest.tables
