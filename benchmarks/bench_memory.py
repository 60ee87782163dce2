"""The memory of every process of a backup's commands, on a database that is small and on one that is not.

    python -m benchmarks.bench_memory [--megabytes 32 1100] [--compression none] [--only NAME ...] [--s3 URL]

S3 is moto's in this process. It reads a whole file for each part that is asked for, one of 1 GB a hundred and eighty
times, until the client gives up. For such sizes name one that runs already, with a bucket `bench` and its account in
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: `npx s3rver@3 -d FOLDER -p 4568 --configure-bucket bench` (S3RVER, S3RVER).

Bar: no process of ours, of pg_dump's or pg_restore's ever holds 150 MB (its peak resident size, VmHWM), whatever the
size. The rows do not compress; one value in ten thousand has 1 MB, and there is a large object of 16 MB. A database
server that a proof starts is not counted: its buffers are its own. Exit status 1 over the bar. Linux.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from pyrage import x25519

from alembic_safe.databases.postgresql.server import TemporaryServer, choose, find_binaries

BAR = 150.0  # MB
_EVERY = 0.02  # seconds between two looks
_PROGRAM = (sys.executable, "-m", "alembic_safe", "backup")
_RESTORE = ("restore", "--yes", "--end-sessions", "--quiet")
_DATABASES = ("postgres", "pg_ctl", "initdb")  # a server's own
_ROW = 4096
_TABLES = """
CREATE TABLE noisy (id bigint PRIMARY KEY, bytes bytea);
CREATE TABLE words (id bigint PRIMARY KEY, text text);
CREATE TABLE wide (bytes bytea);
"""
_REVISION = """
from alembic import op
revision, down_revision = "a1", None
def upgrade():
    op.execute("CREATE TABLE marker (id integer)")
"""

Peaks = dict[str, float]


def main() -> int:
    """Measure each size, print the table; the exit status."""
    arguments = _arguments()
    found: dict[str, list[Peaks]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as place, _s3(arguments.s3) as aws:
        for megabytes in arguments.megabytes:
            folder = Path(place, str(megabytes))
            folder.mkdir(mode=0o755)
            for name, peaks in _measure(folder, megabytes, arguments, aws):
                found.setdefault(name, []).append(peaks)
                print(f"{megabytes:>6} MB  {name:28}{_shown(peaks)}", flush=True)
            shutil.rmtree(folder)
    return _report(found, arguments.megabytes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megabytes", type=int, nargs="+", default=[32, 1100], help="sizes of the database")
    parser.add_argument(
        "--compression", default="none", help="the dump's (default: none, which moves most bytes)"
    )
    parser.add_argument("--only", nargs="+", default=None, metavar="WORD", help="steps whose name has a WORD")
    parser.add_argument("--s3", default=None, metavar="URL", help="an S3 that runs already")
    return parser.parse_args()


def _measure(
    folder: Path, megabytes: int, arguments: argparse.Namespace, aws: Mapping[str, str]
) -> Iterator[tuple[str, Peaks]]:
    """The commands, one after the other, on PostgreSQL and then on SQLite: (name, MB by process)."""
    identity = x25519.Identity.generate()
    key = folder / "key.txt"
    key.write_text(f"{identity}\n")
    secret = ("--backup-recipient", str(identity.to_public()))
    with TemporaryServer(choose(find_binaries())) as server:
        server.create_database("bench")
        with server.connect("bench") as connection:
            _fill(connection, megabytes * 1_000_000 // (_ROW + 300))
        project = _project(folder / "postgresql", server.url("psycopg", "bench"))
        dump = ("--backup-compression", arguments.compression)
        steps: dict[str, tuple[str, ...]] = {
            "create": ("create", *dump),
            "verify": ("verify",),
            "verify --restore": ("verify", "--restore"),
            "restore": _RESTORE,
            "create, encrypted": ("create", *dump, *secret, "--backup-dir", "sealed"),
            "verify, encrypted": ("verify", "--backup-identity", str(key), "--backup-dir", "sealed"),
        }
        if aws:
            store = ("--backup-store", f"s3://bench/{megabytes}")
            steps |= {
                "create, to S3": ("create", *dump, *store),
                "verify, from S3": ("verify", *store),
                "verify --restore, from S3": ("verify", "--restore", *store),
            }
        yield from _run(project, steps, arguments.only, aws)
    file = folder / "sqlite" / "app.db"
    project = _project(file.parent, f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE noisy (id integer PRIMARY KEY, bytes blob)")
        rows = ((number,) for number in range(megabytes * 1_000_000 // _ROW))
        database.executemany(f"INSERT INTO noisy VALUES (?, randomblob({_ROW}))", rows)
        database.commit()
    steps = {
        "SQLite: create": ("create",),
        "SQLite: verify --restore": ("verify", "--restore"),
        "SQLite: restore": _RESTORE,
    }
    yield from _run(project, steps, arguments.only, aws)


def _fill(connection: psycopg.Connection[Any], rows: int) -> None:
    connection.execute(_TABLES.encode())
    with connection.cursor() as cursor:
        with cursor.copy("COPY noisy FROM STDIN") as copy:
            for number in range(rows):
                copy.write_row((number, os.urandom(_ROW)))
        with cursor.copy("COPY words FROM STDIN") as copy:
            for number in range(rows):
                copy.write_row((number, os.urandom(128).hex()))
        with cursor.copy("COPY wide FROM STDIN") as copy:
            for _ in range(1 + rows // 10_000):
                copy.write_row((os.urandom(1_000_000),))
        cursor.execute("SELECT lo_from_bytea(0, %s)", [os.urandom(16_000_000)])


def _run(
    project: Path, steps: Mapping[str, tuple[str, ...]], only: list[str] | None, aws: Mapping[str, str]
) -> Iterator[tuple[str, Peaks]]:
    for name, words in steps.items():
        if only is None or any(one in name for one in only):
            yield name, _peaks([*_PROGRAM, *words], project, aws)


def _peaks(command: list[str], folder: Path, environment: Mapping[str, str]) -> Peaks:
    """Run it; the highest resident size of each of its processes, in MB by what they are."""
    log = folder / "said.txt"
    peaks: Peaks = {}
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=said, stderr=said
        )
        while process.poll() is None:
            for pid in _family(process.pid):
                name, size = _look(pid, process.pid)
                if name and not name.startswith(_DATABASES):
                    peaks[name] = max(peaks.get(name, 0.0), size)
            time.sleep(_EVERY)
    if process.returncode:
        sys.exit(f"{' '.join(command)}: ended with {process.returncode}\n{log.read_text()}")
    return peaks


def _family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found, at = [pid], 0
    while at < len(found):
        for task in Path(f"/proc/{found[at]}/task").glob("*/children"):
            try:
                found += [int(word) for word in task.read_text().split()]
            except OSError:  # ended since
                continue
        at += 1
    return found


def _look(pid: int, command: int) -> tuple[str, float]:
    """What the process calls itself, and its peak in MB. One that ended has no name, nor has one that is being started:
    until it has its own program its memory is that of who starts it.
    """
    try:
        words = Path(
            f"/proc/{pid}/cmdline"
        ).read_bytes()  # before its memory: it may get its program meanwhile
        if pid != command and words == Path(f"/proc/{command}/cmdline").read_bytes():
            return "", 0.0
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return "", 0.0
    fields = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "VmHWM" not in fields:
        return "", 0.0
    return "command" if pid == command else fields["Name"], int(fields["VmHWM"].split()[0]) * 1024 / 1e6


def _project(folder: Path, url: str) -> Path:
    """An alembic project of one revision, which is applied."""
    scripts = folder / "migrations"
    folder.mkdir(mode=0o755)
    subprocess.run(
        [sys.executable, "-m", "alembic", "init", str(scripts)], cwd=folder, check=True, capture_output=True
    )
    ini = folder / "alembic.ini"
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", url.replace("%", "%%")))
    (scripts / "versions" / "a1.py").write_text(_REVISION)
    upgrade = [sys.executable, "-m", "alembic_safe", "upgrade", "--no-backup=bench", "--quiet"]
    subprocess.run(upgrade, cwd=folder, check=True, capture_output=True)
    return folder


@contextmanager
def _s3(url: str | None) -> Iterator[dict[str, str]]:
    """The environment of an S3 of this machine with a bucket `bench`; empty where the packages are missing."""
    if url is not None:
        yield {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url, "FSSPEC_S3_ENDPOINT_URL": url}
        return
    if any(importlib.util.find_spec(package) is None for package in ("s3fs", "moto")):
        print("no s3fs or moto here: without the steps that need S3")
        yield {}
        return
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    account = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    os.environ.update(account)
    boto3.client("s3", endpoint_url=url).create_bucket(Bucket="bench")
    try:
        yield {**account, "AWS_ENDPOINT_URL": url, "FSSPEC_S3_ENDPOINT_URL": url}
    finally:
        server.stop()


def _shown(peaks: Peaks) -> str:
    return "  ".join(f"{name} {size:.0f}" for name, size in sorted(peaks.items(), key=lambda one: -one[1]))


def _report(found: Mapping[str, list[Peaks]], sizes: list[int]) -> int:
    missed = False
    print(f"\nhighest of any process, MB{'':4}" + "".join(f"{size:>7} MB" for size in sizes))
    for name, measured in found.items():
        highest = [max(peaks.values()) for peaks in measured]
        over = max(highest) >= BAR
        missed = missed or over
        print(f"{name:30}" + "".join(f"{one:10.0f}" for one in highest) + ("  MISSED" if over else ""))
    print(f"{'bar':30}" + f"{BAR:10.0f}" * len(sizes))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
