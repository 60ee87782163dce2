"""How long an application waits while raw alembic and then alembic-safe apply the same revision, on a million rows.

Bars: the longest transaction of the application under alembic-safe, with its defaults, is at most 1.6 s in every
scenario and with every driver; (a) and (e) succeed, by trying again; what cannot be done inside the budget ends with
exit 10, clean, and says how it can. Exit status 1 over a bar. `--drivers psycopg --scenarios a,e` runs a part;
`--readme` also writes the table into README.md. raw alembic is ended after `--limit` seconds, and what was measured by
then shown as "more than".
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
from benchmarks.stall_scenarios import ROWS, SCENARIOS, SETUP, Scenario

BAR = 1.6
# the exit status of a command that had to be ended
ENDED = -9
_BIN = Path(sys.executable).parent
_CLIENTS = 3
_README = Path(__file__).resolve().parents[1] / "README.md"


class Application:
    """Clients with short transactions on both tables, one after the other; `longest` is the longest of any (s)."""

    def __init__(self, server: TemporaryServer, name: str) -> None:
        self._server, self._name = server, name
        self.longest, self.count, self.errors = 0.0, 0, 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._client, args=(n,)) for n in range(_CLIENTS)]

    def __enter__(self) -> Application:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _client(self, seed: int) -> None:
        chance = random.Random(seed)
        with self._server.connect(self._name, application_name="web") as connection:
            connection.autocommit = False
            while not self._stop.is_set():
                order, customer = chance.randint(1000, ROWS), chance.randint(100, 10_000)
                began = time.monotonic()
                try:
                    connection.execute("select name from customers where id = %s", (customer,)).fetchall()
                    connection.execute("update orders set state = 'seen' where id = %s", (order,))
                    connection.commit()
                except psycopg.Error:
                    self.errors += 1
                    connection.rollback()
                self.longest = max(self.longest, time.monotonic() - began)
                self.count += 1
                time.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one command: exit status, the application's longest transaction, wall time (s), attempts, what it said."""

    exit: int
    longest: float
    seconds: float
    attempts: int
    hint: str
    errors: int


def make_project(folder: Path, driver: str, body: str) -> None:
    template = "async" if driver == "asyncpg" else "generic"
    subprocess.run(
        [_BIN / "alembic", "-q", "init", "-t", template, "migrations"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    env = folder / "migrations/env.py"
    env.write_text(
        env.read_text().replace(
            "config = context.config\n",
            'import os\nconfig = context.config\nconfig.set_main_option("sqlalchemy.url", os.environ["BENCH_URL"])\n',
            1,
        )
    )
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    (folder / "migrations/versions/a1.py").write_text(
        '"""the change"""\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        'revision = "a1"\ndown_revision = None\n\n\n'
        f"def upgrade():\n{indented}\n\ndef downgrade():\n    pass\n"
    )


class Holder:
    """The transaction that is in the way: for its seconds from when somebody of the migration first waits for it."""

    def __init__(self, server: TemporaryServer, name: str, scenario: Scenario) -> None:
        self._scenario = scenario
        self._gone = threading.Event()
        if not scenario.holder:
            return
        self._connection = server.connect(name, application_name="reporting")
        self._connection.autocommit = False
        for statement in scenario.holder:
            self._connection.execute(statement.encode())
        self._watch = server.connect(name, application_name="benchmark")
        self._thread = threading.Thread(target=self._hold)
        self._thread.start()

    def _hold(self) -> None:
        pid = self._connection.info.backend_pid
        waits = "select exists (select from pg_locks where not granted and %s = any (pg_blocking_pids(pid)))"
        while not self._watch.execute(waits, (pid,)).fetchone()[0] and not self._gone.wait(0.02):
            pass
        self._gone.wait(self._scenario.seconds)
        self._connection.close()

    def leave(self) -> None:
        """The command has ended."""
        self._gone.set()
        if self._scenario.holder:
            self._thread.join()
            self._watch.close()


def _end_sessions(server: TemporaryServer, name: str) -> None:
    """End what a killed migration left running on the server; the application and the holder stay."""
    with server.connect(name, application_name="benchmark") as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and application_name not in ('web', 'reporting', 'benchmark')"
        )


def run(
    server: TemporaryServer,
    name: str,
    command: list[str],
    folder: Path,
    driver: str,
    scenario: Scenario,
    limit: float,
) -> Outcome:
    """The command on a fresh copy of the database, under load; ended after `limit` seconds."""
    server.create_database(name, template="million")
    environment = {**os.environ, "BENCH_URL": server.url(driver, name)}
    with Application(server, name) as application:
        time.sleep(0.5)
        holder = Holder(server, name, scenario)
        application.longest = 0.0
        began = time.monotonic()
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=limit,
            )
        except subprocess.TimeoutExpired:
            done = subprocess.CompletedProcess(command, ENDED, "", f"it ran for more than {limit:.0f} s")
            _end_sessions(server, name)
        seconds = time.monotonic() - began
        holder.leave()
    attempts, hint = 0, done.stderr[-500:]
    if command[0].endswith("alembic-safe"):
        if done.returncode == ENDED:
            raise SystemExit(f"{scenario.key} {driver}: {done.stderr}")
        document: dict[str, Any] = json.loads(done.stdout)
        error = document.get("error") or {}
        hint = f"{error.get('message', '')}\n{error.get('hint', '')}\n{error.get('detail', '')}"
        with server.connect(name) as connection:
            attempts = connection.execute(
                "select coalesce(max(attempts), 0) from alembic_safe.step"
            ).fetchone()[0]
            rows = connection.execute("select count(*) from alembic_version").fetchone()[0]
            invalid = connection.execute("select count(*) from pg_index where not indisvalid").fetchone()[0]
        if (rows, invalid) != (int(done.returncode == 0), 0):
            raise SystemExit(
                f"{scenario.key} {driver}: not clean: {rows} version rows, {invalid} invalid indexes"
            )
    server.drop_database(name)
    return Outcome(done.returncode, application.longest, seconds, attempts, hint, application.errors)


def failing(scenario: Scenario, ours: Outcome) -> list[str]:
    """What of the bars is not kept."""
    faults = []
    if ours.longest > BAR:
        faults.append(f"the application waited {ours.longest:.2f} s")
    if ours.errors:
        faults.append(f"{ours.errors} transactions of the application failed")
    if ours.exit not in (0, 10) or (
        scenario.succeeds is not None and ours.exit != (0 if scenario.succeeds else 10)
    ):
        faults.append(f"exit {ours.exit}: {ours.hint[:400]}")
    if ours.exit == 10 and not ("op." in ours.hint and "--maintenance" in ours.hint):
        faults.append("no recipe named")
    if scenario.succeeds and ours.attempts < 2:
        faults.append("it was not in the way of anything")
    return faults


def table(found: dict[str, list[tuple[Outcome, Outcome]]]) -> str:
    """Markdown: the worst of the drivers."""
    lines = ["| | revision | alembic | alembic-safe | ends with |", "|---|---|---|---|---|"]
    for scenario in SCENARIOS:
        pairs = found.get(scenario.key)
        if not pairs:
            continue
        raw, ours = max(r.longest for r, _ in pairs), max(o.longest for _, o in pairs)
        more = "more than " if any(r.exit == ENDED for r, _ in pairs) else ""
        exits = sorted({o.exit for _, o in pairs})
        attempts = max(o.attempts for _, o in pairs)
        end = " or ".join("done" if e == 0 else f"exit {e}" for e in exits)
        lines.append(
            f"| {scenario.key} | {scenario.what} | {more}{raw:.1f} s | {ours:.1f} s |"
            f" {end}, {attempts} attempt{'s' if attempts > 1 else ''} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--drivers", default="psycopg,psycopg2,asyncpg")
    parser.add_argument("--scenarios", default=",".join(s.key for s in SCENARIOS))
    parser.add_argument("--readme", action="store_true")
    parser.add_argument("--limit", type=float, default=600.0)
    chosen = parser.parse_args()
    binaries = max(find_binaries(), key=lambda found: found.major)
    found: dict[str, list[tuple[Outcome, Outcome]]] = {}
    bad = 0
    with TemporaryServer(binaries) as server:
        server.create_database("million")
        with server.connect("million") as connection:
            for statement in SETUP:
                connection.execute(statement.encode())
        number = 0
        for scenario in SCENARIOS:
            for driver in chosen.drivers.split(","):
                if scenario.key not in chosen.scenarios.split(","):
                    continue
                number += 1
                with tempfile.TemporaryDirectory() as name:
                    folder = Path(name)
                    make_project(folder, driver, scenario.body)
                    theirs = [str(_BIN / "alembic"), "upgrade", "head"]
                    raw = run(server, f"raw{number}", theirs, folder, driver, scenario, chosen.limit)
                    mine = [
                        str(_BIN / "alembic-safe"),
                        "upgrade",
                        "--no-backup=benchmark",
                        "--quiet",
                        "--format",
                        "json",
                    ]
                    ours = run(
                        server,
                        f"ours{number}",
                        [*mine, "--fail-on", "never"],
                        folder,
                        driver,
                        scenario,
                        max(600.0, chosen.limit),
                    )
                faults = failing(scenario, ours)
                bad += bool(faults)
                found.setdefault(scenario.key, []).append((raw, ours))
                print(
                    f"{scenario.key} {driver:9} alembic {raw.longest:5.2f} s (exit {raw.exit}, {raw.seconds:.1f} s)"
                    f"   alembic-safe {ours.longest:5.2f} s (exit {ours.exit}, {ours.attempts} attempts,"
                    f" {ours.seconds:.1f} s) {'; '.join(faults) or 'ok'}",
                    flush=True,
                )
    print(table(found))
    if chosen.readme:
        text = _README.read_text()
        marks = ("<!-- stalls -->\n", "<!-- /stalls -->")
        _README.write_text(
            re.sub(
                f"{marks[0]}.*?{marks[1]}",
                lambda _: f"{marks[0]}{table(found)}\n{marks[1]}",
                text,
                flags=re.DOTALL,
            )
        )
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
