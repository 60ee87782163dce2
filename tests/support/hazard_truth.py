"""What a real server does with a case of the hazard sets: failure, locks during work, changed rows, the application."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import psycopg
import sqlalchemy
from sqlalchemy import event

from alembic_safe.databases.postgresql.server import TemporaryServer
from tests.support.hazard_sets import Case, base_revision, write_project

ROWS = 200
_MANY = 20
_STRONG = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
# a statement that a transaction refuses is not tried in one
_OWN = re.compile(
    r"\bconcurrently\b|^\s*vacuum\b|^\s*alter\s+system\b|\b(create|drop)\s+database\b", re.IGNORECASE
)
_WORK = re.compile(r"^(rewriting|verifying|building index|rebuilding|validating)\b")
_LOCKS = (
    "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted"
)
_NODES = "SELECT oid, pg_relation_filenode(oid) FROM pg_class WHERE oid = ANY(%s)"
_STATS = "SELECT relid, seq_scan, n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
_OLD = """
    SELECT c.oid, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND c.relname <> 'alembic_version'
"""
_COLUMNS = """
    SELECT a.attname, t.typcategory, t.oid::regtype::text, a.atttypmod, t.oid, c.relname, n.nspname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_type t ON t.oid = (
        SELECT CASE WHEN b.typtype = 'd' THEN b.typbasetype ELSE b.oid END FROM pg_type b WHERE b.oid = a.atttypid)
    WHERE c.oid = %s AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
    ORDER BY a.attnum
"""


@dataclass
class Truth:
    """What was seen. `work` are sentences: what was done under which strong locks of old tables."""

    fails: str = ""
    work: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    app: list[str] = field(default_factory=list)

    def contradicts(self, case: Case) -> str:
        """Why the case's label is wrong; "" where the server bears it out."""
        seen = {
            "fails": self.fails,
            "blocks": self.work,
            "rows": self.rows,
            "breaks": self.app,
            "loses": self.app,
        }
        if case.safe:
            return "".join(f"{claim}: {what}; " for claim, what in seen.items() if what)
        if case.claim == "judged":
            return ""
        return "" if seen[case.claim] else f"no sign of {case.claim!r}: {seen}"


def prepare(case: Case, server: TemporaryServer, folder: Path, database: str) -> None:
    """Apply the base of the case's set to a fresh database of that name: a template for `observe`."""
    with _modules_of(folder):
        alembic.command.upgrade(_config(case, server, folder, database), base_revision(case.set))


def observe(case: Case, server: TemporaryServer, folder: Path, database: str) -> Truth:
    """Apply a case to a database that is fresh, or at the set's base, and tell what its plan did."""
    config = _config(case, server, folder, database)
    truth = Truth()
    with _modules_of(folder), server.connect(database) as other:
        alembic.command.upgrade(config, "applied")
        _fill(other, case.rows)
        app = [_outcome(other, statement) for statement in case.app]
        watch = _Watch(truth, other)
        with watch:
            try:
                alembic.command.upgrade(config, "head")
            except Exception as error:
                truth.fails = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        for statement, before in zip(case.app, app, strict=True):
            after = _outcome(other, statement)
            if after != before:
                truth.app.append(f"{statement}: {before} became {after}")
    return truth


def _config(case: Case, server: TemporaryServer, folder: Path, database: str) -> alembic.config.Config:
    write_project(case, folder)
    config = alembic.config.Config(folder / "alembic.ini")
    url = server.url("psycopg", database) + "&options=-c client_min_messages=debug1"
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


@contextmanager
def _modules_of(folder: Path) -> Iterator[None]:
    script = str(folder / "migrations")
    sys.path.insert(0, script)
    before = set(sys.modules)
    try:
        yield
    finally:
        # prepend_sys_path puts it there once more
        sys.path[:] = [entry for entry in sys.path if entry != script]
        for name in set(sys.modules) - before:
            if getattr(sys.modules[name], "__file__", None) and script in str(sys.modules[name].__file__):
                del sys.modules[name]


def _outcome(connection: psycopg.Connection[Any], statement: str) -> str:
    """What the application gets, in a transaction that is rolled back."""
    connection.execute("BEGIN")
    try:
        cursor = connection.execute(statement.encode())
        return str(cursor.fetchall()) if cursor.description else cursor.statusmessage or ""
    except psycopg.Error as error:
        return f"fails: {error.sqlstate}"
    finally:
        connection.execute("ROLLBACK")


def _fill(connection: psycopg.Connection[Any], more: Sequence[str]) -> None:
    """Rows for every table, so that scans are seen and what fails on rows does."""
    for oid, _, kind in connection.execute(_OLD + " ORDER BY c.oid").fetchall():
        if kind == "m":
            continue
        columns = connection.execute(_COLUMNS, (oid,)).fetchall()
        if not columns:
            continue
        names = ", ".join(f'"{column[0]}"' for column in columns)
        values = ", ".join(_value(column) for column in columns)
        table = f'"{columns[0][6]}"."{columns[0][5]}"'
        statement = f"INSERT INTO {table} ({names}) SELECT {values} FROM generate_series(1, {ROWS}) n"
        with suppress(psycopg.errors.IntegrityError):
            connection.execute(statement.encode())
    connection.execute(b"".join(f"REFRESH MATERIALIZED VIEW {name};".encode() for name in _views(connection)))
    for statement in more:
        connection.execute(statement.encode())


def _views(connection: psycopg.Connection[Any]) -> list[str]:
    return [f'"{name}"' for _, name, kind in connection.execute(_OLD).fetchall() if kind == "m"]


def _value(column: tuple[Any, ...]) -> str:
    _, category, name, typmod, oid, *_ = column
    if category == "E":
        return f"(enum_range(NULL::{name}))[1]" if oid >= 16384 else "NULL"
    known = {
        "boolean": "true",
        "uuid": "gen_random_uuid()",
        "json": "'{}'",
        "jsonb": "'{}'",
        "bytea": "'x'",
        "date": "'2024-03-01'::date + (n % 300)",
        "timestamp with time zone": "'2024-03-01'::timestamptz + n * interval '1 minute'",
        "timestamp without time zone": "'2024-03-01'::timestamp + n * interval '1 minute'",
        "time without time zone": "'10:00'",
        "interval": "'1 hour'",
        "inet": "'10.0.0.1'",
        "xml": "'<a/>'",
    }
    if name in known:
        return known[name]
    if category == "N":
        return "n"
    if category == "S":
        return f"left('v' || n, {typmod - 4})" if typmod > 4 else "'v' || n"
    return "'{}'" if category == "A" else "NULL"


class _Watch:
    """Looks after every statement of the plan, on its own connection, at what it holds and what was done."""

    def __init__(self, truth: Truth, other: psycopg.Connection[Any]) -> None:
        self._truth, self._other = truth, other
        old = other.execute(_OLD).fetchall()
        self._old = {oid: name for oid, name, _ in old}
        # nobody but REFRESH writes to a materialized view
        self._kinds = {oid: kind for oid, _, kind in old}
        self._counts = {oid: _count(other, oid) for oid in self._old}
        self._nodes = dict(other.execute(_NODES, (list(self._old),)).fetchall())
        self._stats: dict[int, tuple[int, int]] = {}
        self._began: dict[int, tuple[int, int]] = {}
        self._said: list[str] = []
        self._trying = False

    def __enter__(self) -> _Watch:
        event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", self._before)
        event.listen(sqlalchemy.engine.Engine, "after_cursor_execute", self._after)
        event.listen(sqlalchemy.engine.Engine, "commit", self._ended)
        event.listen(sqlalchemy.engine.Engine, "rollback", self._ended)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(sqlalchemy.engine.Engine, "before_cursor_execute", self._before)
        event.remove(sqlalchemy.engine.Engine, "after_cursor_execute", self._after)
        event.remove(sqlalchemy.engine.Engine, "commit", self._ended)
        event.remove(sqlalchemy.engine.Engine, "rollback", self._ended)

    def _ended(self, *_: object) -> None:
        self._stats, self._began = {}, {}

    def _before(self, connection: Any, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        driver = _driver(connection)
        driver.add_notice_handler(self._hear)
        self._said.clear()
        if driver.autocommit and not _OWN.search(statement):
            # its locks are gone when it is done: it is tried in a transaction that is rolled back
            self._trial(statement, parameters)
        elif not driver.autocommit and not self._stats:
            # the server's counters keep what an earlier transaction did until it sends them, a second later
            self._stats = self._began = _counters(driver)

    def _trial(self, statement: str, parameters: Any) -> None:
        self._other.add_notice_handler(self._hear)
        self._other.execute("BEGIN; SET LOCAL client_min_messages = debug1")
        self._began = _counters(self._other)
        with suppress(psycopg.Error):
            self._other.execute(statement.encode(), parameters or None)
            self._look(self._other, statement, self._began)
        self._other.execute("ROLLBACK")
        self._began = {}
        self._other.remove_notice_handler(self._hear)

    def _hear(self, diagnostic: Any) -> None:
        self._said.append(diagnostic.message_primary or "")

    def _after(self, connection: Any, cursor: Any, statement: str, *_: object) -> None:
        driver = _driver(connection)
        driver.remove_notice_handler(self._hear)
        if driver.autocommit:
            self._nodes.update(driver.execute(_NODES, (list(self._old),)).fetchall())
        else:
            self._stats = self._look(driver, statement, self._stats)

    def _look(
        self, driver: psycopg.Connection[Any], statement: str, before: dict[int, tuple[int, int]]
    ) -> dict[int, tuple[int, int]]:
        said = list(self._said)
        locks = {
            self._old[oid]
            for oid, mode in driver.execute(_LOCKS).fetchall()
            if oid in self._old and mode in (_STRONG if self._kinds[oid] != "m" else _STRONG[-1:])
        }
        stats = _counters(driver)
        done = [line for line in said if _WORK.match(line) and self._about_old(line)]
        for oid, (scans, rows) in stats.items():
            was = before.get(oid, (0, 0))
            if oid in self._old and scans > was[0] and self._counts[oid]:
                done.append(f"scan of {self._old[oid]}")
            if oid in self._old and rows - was[1] > _MANY:
                done.append(f"{rows - was[1]} rows of {self._old[oid]}")
            changed = rows - self._began.get(oid, (0, 0))[1]
            if oid in self._old and changed >= self._counts[oid] > _MANY:
                self._truth.rows.append(f"{changed} rows of {self._old[oid]}")
        nodes = dict(driver.execute(_NODES, (list(self._old),)).fetchall())
        done += [
            f"new file of {self._old[oid]}" for oid, node in nodes.items() if self._nodes.get(oid) != node
        ]
        self._nodes.update(nodes)
        if locks and done:
            self._truth.work.append(
                f"{sorted(locks)} locked by the time of {statement.strip()[:60]!r}: {done}"
            )
        return stats

    def _about_old(self, line: str) -> bool:
        named = re.findall(r'"([^"]+)"', line)
        return any(name in self._old.values() for name in named)


def _counters(driver: psycopg.Connection[Any]) -> dict[int, tuple[int, int]]:
    """Sequential scans and rows changed, by table."""
    with suppress(psycopg.errors.InFailedSqlTransaction):
        return {oid: (scans or 0, rows or 0) for oid, scans, rows in driver.execute(_STATS).fetchall()}
    return {}


def _count(connection: psycopg.Connection[Any], oid: int) -> int:
    (row,) = connection.execute("SELECT %s::regclass::text", (oid,)).fetchall()
    with suppress(psycopg.Error):
        return int(connection.execute(f"SELECT count(*) FROM {row[0]}".encode()).fetchall()[0][0])
    return 0


def _driver(connection: Any) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver
