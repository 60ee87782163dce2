"""The suite's fixtures and its header. What each is for: tests/README.md."""

from __future__ import annotations

import os
import re
import signal

import alembic
import pytest
import sqlalchemy
from hypothesis import HealthCheck, settings

from tests.support.databases import (
    any_pg_database,
    binaries_by_major,
    durable_pg,
    durable_pg_database,
    make_pg_database,
    pg,
    pg_database,
    pg_servers,
    pg_tcp,
)
from tests.support.projects import make_project
from tests.support.warm import ENABLED, start_workers_warm
from tests.support.watch import log, no_child_left

__all__ = [
    "any_pg_database",
    "durable_pg",
    "durable_pg_database",
    "log",
    "make_pg_database",
    "make_project",
    "no_child_left",
    "pg",
    "pg_database",
    "pg_servers",
    "pg_tcp",
]

# timing on a shared machine says nothing about a property, so no example has a deadline
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci", max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", max_examples=int(os.environ.get("ALEMBIC_SAFE_FUZZ", "1")), deadline=5000)
settings.load_profile(
    "fuzz" if "ALEMBIC_SAFE_FUZZ" in os.environ else "ci" if os.environ.get("CI") else "dev"
)


# a shell starts what it runs in the background with SIGINT ignored, which our children would inherit: the tests of
# Ctrl-C are about a command that a person started
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as nohup does
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_report_header() -> list[str]:
    """Versions that decide what a run proves."""
    servers = [f"{one.version} ({one.origin})" for one in binaries_by_major().values()]
    return [
        f"alembic {alembic.__version__}, SQLAlchemy {sqlalchemy.__version__}",
        f"PostgreSQL: {', '.join(servers) or 'none found: its tests are skipped'}",
    ]


def pytest_addoption(parser: pytest.Parser) -> None:
    """--sweep runs the long sweeps too; --short leaves one case of each slow test."""
    parser.addoption("--sweep", action="store_true", help="run the tests marked sweep")
    parser.addoption(
        "--short", action="store_true", help="without what is long, and of what is slow one case"
    )


def _server(item: pytest.Item) -> int:
    """The major version of the server that a case is for; 0 where it is for none."""
    found = re.search(r"\bpg(\d+)", item.name)
    return int(found[1]) if found else 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked sweep unless asked for; in the short form leave out what is long, and of what is slow all
    cases but one.
    """
    if not config.getoption("--sweep"):
        for item in items:
            if item.get_closest_marker("sweep"):
                item.add_marker(pytest.mark.skip(reason="a sweep: run it with --sweep"))
    if config.getoption("--short"):
        os.environ[ENABLED] = "1"
        start_workers_warm()
        slow = [item for item in items if item.get_closest_marker("slow")]
        # of a test for each server version the newest, else the last
        kept = {item.nodeid.partition("[")[0]: item for item in sorted(slow, key=_server)}
        left = [
            item
            for item in items
            if kept.get(item.nodeid.partition("[")[0], item) is not item or item.get_closest_marker("long")
        ]
        config.hook.pytest_deselected(items=left)
        items[:] = [i for i in items if i not in set(left)]
