"""Time our backup against a bare pg_dump with the same options, in pairs in one run.

    python benchmarks/bench_backup.py [--megabytes 300] [--pairs 5] [--compression gzip]

Prints a table and exits 1 when a bar is missed: our dump at most 1.05 times a bare pg_dump, the whole
backup (dump, reading, checksums, manifest) at most 1.4 times; the rows of two tables of 40 at most 1.2 times those two
tables' own dump and 0.5 s. Runs a temporary server of the newest PostgreSQL at hand.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from alembic_safe.backup import create_backup
from alembic_safe.databases import open_database, read_catalog
from alembic_safe.databases.postgresql.dump import PostgresDump, dump_command
from alembic_safe.databases.postgresql.server import TemporaryServer, choose, find_binaries
from alembic_safe.model.backups import DumpContent
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.targets import ConnectParameters

BARS = {"our dump": 1.05, "whole backup": 1.40}
TOUCHED_FACTOR, TOUCHED_SECONDS = 1.2, 0.5
BYTES_A_ROW = 330  # on disk, indexes included

# Names, addresses, free text of varied words, numbers and times: what an application's tables hold.
FILL = """
CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL, email text NOT NULL,
                       created timestamptz NOT NULL);
INSERT INTO customer
SELECT g, initcap(substr(md5(g::text), 1, 7)) || ' ' || initcap(substr(md5((g * 7)::text), 1, 9)),
       substr(md5((g * 3)::text), 1, 10) || '@example.org', now() - g * interval '1 minute'
FROM generate_series(1, {rows} / 4) AS g;
CREATE TABLE purchase (id bigint PRIMARY KEY, customer bigint NOT NULL, amount numeric(10, 2) NOT NULL,
                       note text NOT NULL, payload jsonb NOT NULL, at timestamptz NOT NULL);
INSERT INTO purchase
SELECT g, 1 + g % ({rows} / 4), (g * 37 % 100000) / 100.0,
       (SELECT string_agg(word, ' ')
        FROM (SELECT (ARRAY['the', 'parcel', 'was', 'left', 'with', 'neighbour', 'please', 'ring', 'twice',
                            'before', 'noon', 'and', 'call', 'again', 'late', 'fragile', 'gift', 'for',
                            'Anna', 'return'])
                     [1 + (hashint8(g * 31 + w) & 1048575) % 20] AS word
              FROM generate_series(1, 12) AS w) AS words),
       jsonb_build_object('sku', md5(g::text), 'count', g % 9, 'gift', g % 5 = 0),
       now() - g * interval '3 seconds'
FROM generate_series(1, {rows}) AS g;
CREATE INDEX ON purchase (customer);
"""


def main() -> int:
    """Fill a database, time the pairs, print the table; the exit status."""
    arguments = _arguments()
    server = TemporaryServer(choose(find_binaries()))
    with server, tempfile.TemporaryDirectory(prefix="bench-backup-") as folder:
        server.create_database("bench")
        parameters = ConnectParameters("postgresql", "psycopg", server.keywords("bench"))
        database = open_database(parameters, policy=ControlPolicy())
        database.execute(FILL.format(rows=arguments.megabytes * 1_000_000 // BYTES_A_ROW))
        database.execute("VACUUM ANALYZE")
        size = int(database.fetch("SELECT pg_database_size(current_database())")[0][0])
        pairs = _pairs(database, Path(folder), arguments)
        for number in range(38):  # with the two that are there: 40
            database.execute(f"CREATE TABLE other_{number} AS SELECT * FROM purchase LIMIT 20000")
        touched = _touched_pairs(database, Path(folder), arguments)
        version = database.facts.version
        database.close()
    print(f"PostgreSQL {version}, {size / 1e6:.0f} MB, {arguments.compression}, {arguments.jobs} jobs")
    return max(_report(pairs), _report_touched(touched))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=300, help="size of the database (default: 300)")
    parser.add_argument("--pairs", type=int, default=5, help="pairs to take the median of (default: 5)")
    parser.add_argument("--jobs", type=int, default=2, help="pg_dump's jobs (default: 2)")
    parser.add_argument("--compression", default="gzip", help="gzip, gzip:LEVEL or none (default: gzip)")
    return parser.parse_args()


def _pairs(database: Database, folder: Path, arguments: argparse.Namespace) -> list[dict[str, float]]:
    tool = database.dump_tool(None)
    assert isinstance(tool, PostgresDump)
    jobs, compression = arguments.jobs, arguments.compression
    policy = BackupPolicy(directory=folder / "backups", jobs=jobs, compression=compression)

    def bare(target: Path) -> None:
        command = dump_command(tool.client, target, jobs=jobs, compression=compression)
        command += [f"--dbname={tool.conninfo}"] if tool.conninfo else []
        subprocess.run(command, env=dict(tool.environment), check=True)

    def ours(target: Path) -> None:
        tool.write(target, jobs=jobs, compression=compression, tick=lambda: None)

    def whole(target: Path) -> None:
        create_backup(database, policy=policy, run=None, heads={})

    _time(bare, folder)  # warms the caches
    order = {"bare pg_dump": bare, "our dump": ours, "whole backup": whole}
    pairs = []
    for number in range(arguments.pairs):
        # In turn from either end, so that a drift of the machine's speed favours nobody.
        names = list(order) if number % 2 == 0 else list(reversed(order))
        pairs.append({name: _time(order[name], folder) for name in names})
    return pairs


def _touched_pairs(
    database: Database, folder: Path, arguments: argparse.Namespace
) -> list[tuple[float, float]]:
    """Seconds of the two tables' own dump, and of ours that holds their rows and the schema of all."""
    tool = database.dump_tool(None)
    assert isinstance(tool, PostgresDump)
    content = DumpContent((("public", "customer"), ("public", "purchase")), large_objects=False)

    def own(target: Path) -> None:
        command = dump_command(tool.client, target, jobs=arguments.jobs, compression=arguments.compression)
        command += ["--table=public.customer", "--table=public.purchase"]
        command += [f"--dbname={tool.conninfo}"] if tool.conninfo else []
        subprocess.run(command, env=dict(tool.environment), check=True)

    def ours(target: Path) -> None:
        catalog = read_catalog(database)  # what the choice costs is part of it
        assert len([table for table in catalog.tables if table.kind == "r"]) == 40
        tool.write(
            target, jobs=arguments.jobs, compression=arguments.compression, tick=lambda: None, content=content
        )

    return [(_time(own, folder), _time(ours, folder)) for _ in range(arguments.pairs)]


def _report_touched(pairs: list[tuple[float, float]]) -> int:
    own, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    bar = TOUCHED_FACTOR * own + TOUCHED_SECONDS
    verdict = "" if ours <= bar else "  MISSED"
    print(f"two tables of 40: {ours:.2f} s, their own dump {own:.2f} s, bar {bar:.2f} s{verdict}")
    return int(bool(verdict))


def _time(run: Callable[[Path], None], folder: Path) -> float:
    target = folder / "target"
    target.mkdir()
    began = time.perf_counter()
    run(target)
    seconds = time.perf_counter() - began
    shutil.rmtree(target)
    shutil.rmtree(folder / "backups", ignore_errors=True)
    return seconds


def _report(pairs: list[dict[str, float]]) -> int:
    missed = False
    print(f"{'':14}{'median s':>10}{'ratio':>8}{'bar':>7}  ratios of the pairs")
    for name in pairs[0]:
        seconds = statistics.median(pair[name] for pair in pairs)
        if name not in BARS:
            print(f"{name:14}{seconds:10.2f}")
            continue
        ratios = [pair[name] / pair["bare pg_dump"] for pair in pairs]
        ratio = statistics.median(ratios)
        shown = " ".join(f"{one:.2f}" for one in ratios)
        verdict = "" if ratio <= BARS[name] else "  MISSED"
        missed = missed or bool(verdict)
        print(f"{name:14}{seconds:10.2f}{ratio:8.2f}{BARS[name]:7.2f}  {shown}{verdict}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
