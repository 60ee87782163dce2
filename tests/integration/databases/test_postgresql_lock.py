"""The deploy lock on PostgreSQL: who gets it, who has it, and what a pooler does to it."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from alembic_safe.databases.postgresql.locks import lock_key
from alembic_safe.errors import LockHeldError
from alembic_safe.model.targets import VersionTable
from tests.support.processes import wait_until


def test_one_at_a_time_and_the_holder_is_named(any_pg_database, opened):
    mine, others = opened(any_pg_database), opened(any_pg_database)
    lock, other = mine.deploy_lock([VersionTable()]), others.deploy_lock([VersionTable()])
    assert other.holder() == ""

    assert lock.try_take()
    assert lock.try_take()  # again: still one
    assert not other.try_take()
    pid = mine.fetch("SELECT pg_backend_pid()")[0][0]
    user = any_pg_database.keywords["user"]
    assert other.holder().startswith(f"pid {pid} {user} (alembic-safe/control) connected since ")
    assert lock.holder() == ""  # nobody but us
    lock.check()
    lock.release()
    lock.release()
    assert other.holder() == ""
    assert other.try_take()


def test_all_or_none(pg_database, opened):
    mine, others = opened(pg_database), opened(pg_database)
    tables = [VersionTable(f"v{number}") for number in range(5)]
    middle = sorted(tables, key=lambda table: lock_key(pg_database.name, f"public.{table.name}"))[2]
    assert others.deploy_lock([middle]).try_take()

    assert not mine.deploy_lock(tables).try_take()
    held = mine.fetch("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
    assert held == [(0,)]
    assert mine.deploy_lock([table for table in tables if table != middle]).try_take()


def test_a_table_is_one_lock_however_it_is_called_and_different_tables_are_two(pg_database, opened):
    mine, others = (
        opened(pg_database),
        opened(pg_database.keywords | {"options": "-c search_path=nix,public"}),
    )
    assert mine.deploy_lock([VersionTable(), VersionTable(), VersionTable(schema="public")]).try_take()

    assert not others.deploy_lock([VersionTable()]).try_take()
    pg_database.fetch("CREATE TABLE alembic_version (version_num varchar(32))")
    assert not others.deploy_lock([VersionTable()]).try_take()
    assert others.deploy_lock([VersionTable(schema="elsewhere"), VersionTable("other")]).try_take()


def test_the_lock_ends_with_its_session(pg_database, opened):
    mine, others = opened(pg_database), opened(pg_database)
    assert mine.deploy_lock([VersionTable()]).try_take()
    mine.close()

    other = others.deploy_lock([VersionTable()])
    wait_until(other.try_take, 3, "the server to see the end")


def test_a_lost_lock_is_noticed(pg_database, opened):
    database = opened(pg_database)
    lock = database.deploy_lock([VersionTable(), VersionTable("b")])
    assert lock.try_take()
    database.execute("SELECT pg_advisory_unlock_all()")

    with pytest.raises(LockHeldError, match="no longer ours"):
        lock.check()


def test_keys_are_signed_64_bit_and_stay_what_they_are():
    # Two versions of the tool must agree on them: never change these numbers.
    assert lock_key("shop", "public.alembic_version") == KEY
    assert -(2**63) <= lock_key("a", "b") < 2**63
    assert lock_key("a", "b.c") != lock_key("a.b", "c")


KEY = 6399837065419900433


@pytest.fixture
def pooler(pg_tcp):
    """A proxy that, as poolers do, makes up the backend pid it tells its client."""
    listener = socket.create_server(("127.0.0.1", 0))
    running = True

    def serve() -> None:
        while running:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", pg_tcp.port))
            threads = [
                threading.Thread(target=_pump, args=(client, server, False), daemon=True),
                threading.Thread(target=_pump, args=(server, client, True), daemon=True),
            ]
            for thread in threads:
                thread.start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield pg_tcp.keywords("postgres", tcp=True) | {"port": str(listener.getsockname()[1])}
    running = False
    listener.close()


def _pump(source: socket.socket, sink: socket.socket, change: bool) -> None:
    marker = b"K" + struct.pack("!i", 12)  # BackendKeyData: its pid follows
    while piece := _receive(source):
        at = piece.find(marker) if change else -1
        if at >= 0:
            piece = piece[: at + 5] + struct.pack("!i", 42) + piece[at + 9 :]
        try:
            sink.sendall(piece)
        except OSError:
            break
    sink.close()


def _receive(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""


def test_a_pooler_is_seen_and_left_unspoiled(pooler, opened):
    database = opened(pooler)

    assert database.facts.pooler
    # No SET of ours on a session that the pooler gives to the application next.
    assert database.fetch(
        "SELECT count(*) FROM pg_settings WHERE name = 'lock_timeout' AND source = 'session'"
    ) == [(0,)]
