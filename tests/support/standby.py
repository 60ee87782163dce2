"""A primary with a real streaming standby, made by the wheels' pg_basebackup."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import sql

from alembic_safe.databases.postgresql.server import TemporaryServer
from alembic_safe.databases.postgresql.server.account import server_account
from tests.support.databases import binaries_by_major
from tests.support.processes import wait_until


@dataclass(frozen=True, slots=True)
class Pair:
    """The two servers. `name` is what the primary's pg_stat_replication calls the standby."""

    primary: TemporaryServer
    standby: TemporaryServer
    name: str = "standby1"

    def caught_up(self) -> None:
        """Wait until the standby has replayed everything that is committed by now."""
        with self.primary.connect() as connection:
            # commits of the test are asynchronous: this one flushes them
            connection.execute("SET synchronous_commit = on")
            connection.execute("SELECT pg_logical_emit_message(true, 'test', '')")
            ((lsn,),) = connection.execute("SELECT pg_current_wal_flush_lsn()::text").fetchall()
        query = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= %s::pg_lsn"

        def done() -> bool:
            with self.primary.connect() as connection:
                return connection.execute(query, (lsn,)).fetchall() == [(1,)]

        wait_until(done, 30, "the standby catches up")

    def pause(self) -> None:
        """Stop the standby's replay, and return when it stands: the function itself only asks for that."""
        self.standby.execute(sql.SQL("SELECT pg_wal_replay_pause()"))

        def stands() -> bool:
            with self.standby.connect() as connection:
                return connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchall() == [
                    ("paused",)
                ]

        wait_until(stands, 30, "the standby's replay stands")

    def resume(self) -> None:
        """Let it go on."""
        self.standby.execute(sql.SQL("SELECT pg_wal_replay_resume()"))


@contextmanager
def streaming(settings: Mapping[str, str] | None = None) -> Iterator[Pair]:
    """Start both; the standby has the settings `settings` besides the primary's."""
    binaries = next(iter(binaries_by_major().values()))
    # a standby that answers often, so that tests need not wait for its word
    with TemporaryServer(binaries) as primary, TemporaryServer(binaries) as standby:
        with (primary.folder / "data" / "pg_hba.conf").open("a") as file:
            file.write("local replication all trust\n")
        # as in production: what is committed is flushed, and so is on its way to the standby
        primary.execute(sql.SQL("ALTER SYSTEM SET synchronous_commit = on"))
        primary.execute(sql.SQL("SELECT pg_reload_conf()"))
        standby.stop()
        data = standby.folder / "data"
        shutil.rmtree(data)
        command = [str(standby._bindir / "pg_basebackup"), "-D", str(data), "-R", "-c", "fast", "--no-sync"]
        command += ["-h", str(primary.folder), "-U", "postgres", "-d", "application_name=standby1"]
        subprocess.run(
            command, check=True, cwd="/", capture_output=True, **server_account().subprocess_arguments()
        )
        with (data / "postgresql.conf").open("a") as file:
            own = {
                "unix_socket_directories": str(standby.folder),
                "wal_receiver_status_interval": "1s",
                **(settings or {}),
            }
            file.writelines(f"{name} = '{value}'\n" for name, value in own.items())
        standby.start()
        pair = Pair(primary, standby)
        pair.caught_up()
        yield pair
