"""Journals in real databases: in a schema of a PostgreSQL database, or in a file beside an SQLite one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.databases import open_database
from alembic_safe.journal import Journal, open_journal
from alembic_safe.model.policies import ControlPolicy, JournalPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.runs import RunRecord, StatementRecord, StepRecord
from alembic_safe.model.targets import ConnectParameters

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
Open = Callable[..., Journal | None]


def pg_parameters(keywords: dict[str, str]) -> ConnectParameters:
    return ConnectParameters("postgresql", "psycopg", keywords)


def sqlite_parameters(path: Path) -> ConnectParameters:
    return ConnectParameters("sqlite", "sqlite3", {"database": str(path)})


@pytest.fixture
def opened() -> Iterator[Callable[..., Database]]:
    """A function (parameters) -> Database, closed after the test."""
    with ExitStack() as stack:

        def open_one(parameters: ConnectParameters, *, read_only: bool = False) -> Database:
            database = open_database(parameters, policy=ControlPolicy(), read_only=read_only)
            stack.callback(database.close)
            return database

        yield open_one


@pytest.fixture(params=["postgresql", "sqlite"])
def parameters(request: pytest.FixtureRequest, tmp_path: Path) -> ConnectParameters:
    """Where a fresh target is: the test runs once for each dialect."""
    if request.param == "sqlite":
        return sqlite_parameters(tmp_path / "app.db")
    return pg_parameters(request.getfixturevalue("pg_database").keywords)


@pytest.fixture
def open_again(parameters: ConnectParameters, opened: Any) -> Iterator[Open]:
    """A function (create=True) that opens the target's journal on a connection of its own."""
    with ExitStack() as stack:

        def open_one(*, create: bool = True) -> Journal | None:
            journal = open_journal(opened(parameters), JournalPolicy(), create=create)
            if journal is not None:
                stack.callback(journal.close)
            return journal

        yield open_one


@pytest.fixture
def journal(open_again: Open) -> Journal:
    """The journal of a fresh target."""
    made = open_again()
    assert made is not None
    return made


def a_run(id: str = "r1", **changes: Any) -> RunRecord:
    values: dict[str, Any] = {
        "command": "upgrade",
        "target": "shop",
        "heads_before": ("a1",),
        "began": NOON,
        "tool_version": "0.1.0",
        "server_version": "18.1",
        "who": "deploy",
        "host": "ci-7",
    }
    return RunRecord(id=id, **{**values, **changes})


def a_step(run: str = "r1", ordinal: int = 1, revision: str = "b2", **changes: Any) -> StepRecord:
    values: dict[str, Any] = {
        "direction": "upgrade",
        "began": NOON,
        "checksum": "c" * 64,
        "text": "def upgrade(): ...",
    }
    return StepRecord(run=run, ordinal=ordinal, revision=revision, **{**values, **changes})


def a_statement(run: str = "r1", step: int = 1, ordinal: int = 1, **changes: Any) -> StatementRecord:
    values: dict[str, Any] = {
        "digest": "d" * 64,
        "sql": "ALTER TABLE item ADD COLUMN note text",
        "file": "/app/versions/b2.py",
        "line": 12,
        "began": NOON,
        "duration": 0.25,
        "rows": None,
        "outcome": "done",
        "autocommit": False,
    }
    return StatementRecord(run=run, step=step, ordinal=ordinal, **{**values, **changes})


def commit(journal: Journal, run: str, ordinal: int, revision: str, seconds: float, **changes: Any) -> None:
    """A step that is begun and committed."""
    journal.begin_step(a_step(run, ordinal, revision, **changes))
    journal.end_step(
        run,
        ordinal,
        outcome="committed",
        duration=seconds,
        error=None,
        ended=NOON + timedelta(seconds=seconds),
        statements=[a_statement(run, ordinal, duration=seconds)],
    )
