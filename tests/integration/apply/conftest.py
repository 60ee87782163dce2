"""Preflight on real servers: a scene made of a database and the SQL that is planned for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from alembic_safe.apply.preflight import Scene, all_checks, locked_tables
from alembic_safe.databases import open_database
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.preflight import PlannedWork, PreflightPolicy
from alembic_safe.model.revisions import Revision, RevisionListing, Statement
from alembic_safe.model.targets import ConnectParameters, Target, VersionTable
from alembic_safe.workflow.judging import judged
from alembic_safe.workflow.planned_work import planned_work


def work_of(*statements: str, version: int = 18) -> PlannedWork:
    """The work of a plan of one revision with these statements; `-- autocommit` in one: it commits alone."""
    revision = Revision("a1", (), (), (), "", "/nowhere/a1.py", "")
    listed = tuple(
        Statement(n, text, None, autocommit="autocommit" in text)
        for n, text in enumerate(statements, start=1)
    )
    return planned_work(judged([RevisionListing(revision, "upgrade", listed)], version=version))


@pytest.fixture
def scene() -> Iterator[Callable[..., Scene]]:
    """A function (TestDatabase or keywords, *planned SQL, **fields of Scene or PreflightPolicy) -> Scene."""
    with ExitStack() as stack:

        def make(where: Any, *planned: str, role: str = "", **fields: Any) -> Scene:
            keywords = where if isinstance(where, dict) else where.keywords
            parameters = ConnectParameters("postgresql", "psycopg", keywords)
            database = open_database(parameters, policy=ControlPolicy())
            stack.callback(database.close)
            target = Target(
                0, "alembic", parameters, VersionTable("alembic_version", "public"), (), role=role
            )
            policy = {k: fields.pop(k) for k in list(fields) if k in PreflightPolicy.__dataclass_fields__}
            made = Scene(
                database,
                target,
                PreflightPolicy(**policy),
                fields.pop("backup", BackupPolicy(skip_reason="test")),
                datetime.now(timezone.utc),
                **fields,
            )
            if not planned:
                return made
            work = work_of(*planned)
            return replace(made, work=work, tables=locked_tables(database, target, work))

        yield make


@pytest.fixture
def found() -> Callable[[str, Scene], list[tuple[str, str]]]:
    """A function (check's id, scene) -> (level, message) of what it finds."""

    def run(name: str, scene: Scene) -> list[tuple[str, str]]:
        check = all_checks()[name]
        return [(one.level or check.level, one.message) for one in check.look(scene)]

    return run
