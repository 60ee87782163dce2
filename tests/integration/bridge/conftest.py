"""Plays a project through one worker, without the command around it: what it says, and what it leaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy

from alembic_safe.bridge import Worker, Workers
from alembic_safe.bridge.committing import CommitAwaited
from alembic_safe.bridge.messages import (
    EnvironmentNotice,
    Failed,
    Finished,
    Job,
    Message,
    RevisionListed,
    StatementBegun,
    StatementEnded,
    StepBegun,
    StepCommitted,
    StepFailed,
    StepReady,
    TargetFound,
)
from alembic_safe.errors import WorkerError
from alembic_safe.model.events import Event, WorkerOutput
from alembic_safe.model.revisions import RevisionListing, Statement
from tests.support.databases import TestDatabase
from tests.support.projects import Project

M = TypeVar("M")
OLD_SQLALCHEMY = sqlalchemy.__version__.startswith("1.")
SYNC_DRIVERS = ["psycopg2"] if OLD_SQLALCHEMY else ["psycopg", "psycopg2"]
ASYNC_DRIVERS = ["asyncpg"] if OLD_SQLALCHEMY else ["asyncpg", "psycopg"]


@dataclass(slots=True)
class Played:
    """Everything one worker said. `died` is the error of a worker that ended without a last word."""

    messages: list[Message] = field(default_factory=list)
    output: list[WorkerOutput] = field(default_factory=list)
    died: WorkerError | None = None

    def of(self, kind: type[M]) -> list[M]:
        """Its messages of one kind."""
        return [message for message in self.messages if isinstance(message, kind)]

    @property
    def failed(self) -> Failed | None:
        """The error it ended with."""
        return next(iter(self.of(Failed)), None)

    @property
    def finished(self) -> Finished:
        """Its good end; anything else fails the test with what was said instead."""
        found = self.of(Finished)
        assert found, (self.failed, self.died, self.of(StepFailed))
        return found[0]

    @property
    def committed(self) -> list[str]:
        """Revisions that it says are committed."""
        names = {(m.target, m.step): m.revision.id for m in self.of(StepBegun)}
        return [names[m.target, m.step] for m in self.of(StepCommitted)]

    @property
    def notices(self) -> list[str]:
        """What it says of env.py."""
        return [notice.message for notice in self.of(EnvironmentNotice)]

    @property
    def targets(self) -> list[TargetFound]:
        """The targets that env.py configured; none fails the test."""
        found = self.of(TargetFound)
        assert found, (self.failed, self.died)
        return found

    def listing(self, revision: str) -> RevisionListing:
        """How a pending revision was shown."""
        return next(m.listing for m in self.of(RevisionListed) if m.listing.revision.id == revision)

    def statements(self, revision: str | None = None) -> list[Statement]:
        """Statements that ended, of one revision or of all."""
        names = {(m.target, m.step): m.revision.id for m in self.of(StepBegun)}
        return [
            m.statement
            for m in self.of(StatementEnded)
            if revision is None or names[m.target, m.step] == revision
        ]

    @property
    def lines(self) -> list[str]:
        """What the project printed."""
        return [line.line for line in self.output]

    @property
    def why(self) -> str:
        """The failed step's message, or the worker's."""
        steps = self.of(StepFailed)
        return steps[0].message if steps else (self.failed.message if self.failed else str(self.died))


def waits(message: Message) -> bool:
    """Whether a worker that sent this waits for a word."""
    if isinstance(message, StatementBegun):
        return message.statement.autocommit or message.statement.own_connection
    if isinstance(message, StatementEnded):
        return message.statement.autocommit and message.statement.error is None
    if isinstance(message, StepReady):
        return bool(message.split)
    return isinstance(message, TargetFound | StepBegun | CommitAwaited)


class Bridge:
    """Starts workers for a test: from the session's fork server, or with starters of the test's own."""

    def __init__(self, server: Workers) -> None:
        self._server = server
        self.sink: list[Event] = []

    def __call__(self, project: Project, mode: Any = "apply", **further: Any) -> Played:
        """Play `project` to its end. See `play`."""
        return self.play(self._server, project, mode, **further)

    def probe(self, project: Project, **further: Any) -> Played:
        """Look at `project`, read-only."""
        return self(project, "probe", **further)

    def play(
        self,
        workers: Workers,
        project: Project,
        mode: Any = "apply",
        *,
        on: Callable[[Worker, Message], bool | None] = lambda worker, message: None,
        **job: Any,
    ) -> Played:
        """`on` sees each message; it returns True when it has answered it itself."""
        played = Played()
        took = len(self.sink)
        worker = workers.start()
        worker.give(a_job(project, mode, **job))
        try:
            for message in worker.messages():
                played.messages.append(message)
                if not on(worker, message) and mode == "apply" and waits(message):
                    worker.proceed()
        except WorkerError as error:
            played.died = error
        finally:
            worker.kill()
            worker.close()
        played.output = [event for event in self.sink[took:] if isinstance(event, WorkerOutput)]
        return played


def a_job(project: Project, mode: Any, **further: Any) -> Job:
    """A job for the project wherever the test's own process stands."""
    ini = project.ini.read_text()
    ini = re.sub(r"^script_location = .*$", f"script_location = {project.script}", ini, flags=re.MULTILINE)
    ini = re.sub(r"^prepend_sys_path = \.$", f"prepend_sys_path = {project.path}", ini, flags=re.MULTILINE)
    project.ini.write_text(ini)
    values: dict[str, Any] = {
        "config": (str(project.ini),),
        "section": "alembic",
        "x_arguments": (),
        "destination": "heads",
        "direction": "upgrade",
        "application_name": "alembic-safe/test",
        **further,
    }
    return Job(mode=mode, **values)


@pytest.fixture(scope="session")
def fork_server() -> Iterator[tuple[Workers, list[Event]]]:
    """One fork server for the session; workers of several tests come from it, one after the other."""
    events: list[Event] = []
    with Workers(events.append, start_timeout=30) as workers:
        workers.start().close()
        yield workers, events


@pytest.fixture
def bridge(fork_server: tuple[Workers, list[Event]]) -> Bridge:
    """Plays projects; calling it applies, `.probe` looks."""
    workers, events = fork_server
    events.clear()
    made = Bridge(workers)
    made.sink = events
    return made


def versions(database: TestDatabase | Path, table: str = "alembic_version") -> list[str]:
    """The version rows, sorted; empty where there is no table."""
    if isinstance(database, Path):
        import sqlite3

        connection = sqlite3.connect(database)
        try:
            return sorted(row[0] for row in connection.execute(f"select version_num from {table}"))
        finally:
            connection.close()
    if database.fetch(f"select to_regclass('{table}')") == [(None,)]:
        return []
    return sorted(row[0] for row in database.fetch(f"select version_num from {table}"))


def tables(database: TestDatabase, schema: str = "public") -> set[str]:
    """The tables of a schema, without version tables."""
    rows = database.fetch("select tablename from pg_tables where schemaname = %s", (schema,))
    return {name for (name,) in rows if not name.startswith("alembic_version")}


def processes_in(directory: Path) -> list[int]:
    """Living processes whose working directory is `directory`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str((entry / "cwd").readlink()) == str(directory):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found
