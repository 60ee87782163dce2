"""What a server does when it runs a statement: locks by oid before commit, new filenodes, scans, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

DATA = Path(__file__).parents[2] / "data" / "server"

_RELATIONS = """
SELECT c.oid, CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END,
       c.relkind::text, pg_relation_filenode(c.oid)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I') AND n.nspname !~ '^pg_'
"""
_LOCKS = """
SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted
"""
# Counts of a transaction begin with what the session has not sent to the server's statistics yet.
_SCANS = "SELECT relid, seq_scan FROM pg_stat_xact_all_tables WHERE relid >= 16384"
_ACTIVE_TRANSACTION = "25001"


@dataclass(frozen=True)
class Case:
    """A statement with what has to stand before it; versions are majors, both ends included."""

    statement: str
    setup: str = ""
    first: int = 0
    last: int = 99

    @property
    def id(self) -> str:
        return f"{self.statement} [{self.setup}]" if self.setup else self.statement


@dataclass
class Observation:
    """Of relations that stood before: the modes held by relation, new filenodes, sequential scans."""

    locks: dict[str, list[str]] = field(default_factory=dict)
    rewrites: list[str] = field(default_factory=list)
    scans: list[str] = field(default_factory=list)
    refuses: bool = False
    messages: list[str] = field(default_factory=list)


def world() -> str:
    """The schema and rows that every case begins with."""
    return (DATA / "world.sql").read_text()


def cases() -> Iterator[Case]:
    """The cases of cases.sql."""
    for block in (DATA / "cases.sql").read_text().split("\n\n"):
        lines = block.strip().splitlines()
        setup, first, last = [], 0, 99
        while lines and lines[0].startswith("--"):
            line = lines.pop(0)
            key, _, value = line.removeprefix("-- ").partition(": ")
            if key == "setup":
                setup.append(value)
            elif key == "from":
                first = int(value)
            elif key == "until":
                last = int(value)
        if lines:
            yield Case("\n".join(lines), "; ".join(setup), first, last)


def observe(connection: psycopg.Connection[Any], statement: str) -> Observation:
    """Run `statement` in a transaction, look, and roll back. `connection` is in autocommit."""
    found = Observation()
    before = {row[0]: row[1:] for row in connection.execute(_RELATIONS)}
    connection.add_notice_handler(lambda d: found.messages.append(d.message_primary or ""))
    connection.execute("BEGIN")
    scans_before = dict(connection.execute(_SCANS).fetchall())
    connection.execute("SET LOCAL client_min_messages = debug1")
    try:
        if statement.startswith("COPY"):
            with connection.cursor().copy(statement.encode()) as copy:
                list(copy)
        else:
            connection.execute(statement.encode())
    except psycopg.Error as error:
        connection.execute("ROLLBACK")
        if error.sqlstate != _ACTIVE_TRANSACTION:
            raise
        return Observation(refuses=True)
    connection.execute("SET LOCAL client_min_messages = warning")
    for oid, mode in connection.execute(_LOCKS).fetchall():
        if oid in before:
            found.locks.setdefault(before[oid][0], []).append(mode)
    scanned = {oid for oid, count in connection.execute(_SCANS) if count > scans_before.get(oid, 0)}
    after = {row[0]: row[3] for row in connection.execute(_RELATIONS)}
    for oid, (name, kind, node) in before.items():
        if kind in "rm" and oid in after and after[oid] != node:
            found.rewrites.append(name)
        if oid in scanned:
            found.scans.append(name)
    connection.execute("ROLLBACK")
    found.rewrites.sort()
    found.scans.sort()
    return found
