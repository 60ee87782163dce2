"""Writes what the servers at hand do with every case to tests/data/server/truth.json.

`python -m tests.integration.sql.recording`; majors that are not at hand keep what was recorded of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import psycopg

from tests.integration.sql.observing import DATA, Case, cases, observe, world

TRUTH = DATA / "truth.json"
Recorded = dict[str, dict[str, dict[str, Any]]]


def recorded() -> Recorded:
    """By case id, then major version (as text): locks, rewrites, scans, refuses."""
    found: Recorded = json.loads(TRUTH.read_text())
    return found


def observed(case: Case, connect: Callable[[str], psycopg.Connection[Any]]) -> dict[str, Any]:
    """One case on a database of its own that holds the world. `connect` takes the setup it has to hold."""
    connection = connect(case.setup)
    found = asdict(observe(connection, case.statement))
    del found["messages"]
    found["locks"] = {name: sorted(modes) for name, modes in sorted(found["locks"].items())}
    return found


class Worlds:
    """Databases with the world: one for all cases without a setup, a fresh copy for each other."""

    def __init__(self, connect: Callable[[str], psycopg.Connection[Any]], name: str) -> None:
        """`connect` takes a database's name and gives a connection in autocommit."""
        self._connect = connect
        self._name = name
        self._admin = connect("postgres")
        self._fresh(name, "template1")
        with connect(name) as connection:
            connection.execute(world().encode())
        self._shared: psycopg.Connection[Any] | None = None
        self._own: psycopg.Connection[Any] | None = None

    def _fresh(self, name: str, template: str) -> None:
        self._admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        self._admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())

    def connection(self, setup: str) -> psycopg.Connection[Any]:
        """A connection to a database with the world and `setup`; what the case does is rolled back."""
        if not setup:
            if self._shared is None:
                self._fresh(self._name + "_shared", self._name)
                self._shared = self._connect(self._name + "_shared")
            return self._shared
        if self._own is not None:
            self._own.close()
        self._fresh(self._name + "_own", self._name)
        self._own = self._connect(self._name + "_own")
        self._own.execute(setup.encode())
        return self._own

    def close(self) -> None:
        """Drop all of them."""
        for connection in (self._shared, self._own):
            if connection is not None:
                connection.close()
        for suffix in ("", "_shared", "_own"):
            self._admin.execute(f'DROP DATABASE IF EXISTS "{self._name}{suffix}" WITH (FORCE)'.encode())
        self._admin.close()


def main() -> None:
    """Record every major at hand."""
    from alembic_safe.databases.postgresql.server import TemporaryServer
    from tests.support.databases import binaries_by_major

    found: Recorded = recorded() if TRUTH.exists() else {}
    for major, binaries in binaries_by_major().items():
        with TemporaryServer(binaries) as server:
            worlds = Worlds(lambda name, server=server: server.connect(name), "world")  # type: ignore[misc]
            for case in cases():
                if case.first <= major <= case.last:
                    found.setdefault(case.id, {})[str(major)] = observed(case, worlds.connection)
    TRUTH.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
