"""Databases to back up, opened, and the folder for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.backup import create_backup
from alembic_safe.databases import open_database
from alembic_safe.model.backups import Manifest
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.targets import ConnectParameters
from tests.support.databases import TestDatabase


@pytest.fixture
def opened() -> Iterator[Callable[..., Database]]:
    """A function (TestDatabase | keywords | path) -> Database, closed at the end."""
    with ExitStack() as stack:

        def open_(where: Any) -> Database:
            if isinstance(where, Path):
                parameters = ConnectParameters("sqlite", "pysqlite", {"database": str(where)})
            else:
                keywords = where.keywords if isinstance(where, TestDatabase) else where
                parameters = ConnectParameters("postgresql", "psycopg", keywords)
            database = open_database(parameters, policy=ControlPolicy())
            stack.callback(database.close)
            return database

        yield open_


@pytest.fixture
def back_up(opened: Any, tmp_path: Path) -> Callable[..., Manifest]:
    """A function (where, **BackupPolicy's) -> Manifest of a backup in tmp_path/backups."""

    def make(where: Any, *, heads: Any = None, sink: Any = None, tick: Any = None, **policy: Any) -> Manifest:
        policy.setdefault("directory", tmp_path / "backups")
        more = {name: value for name, value in (("sink", sink), ("tick", tick)) if value}
        return create_backup(
            opened(where), policy=BackupPolicy(**policy), run="run1", heads=heads or {}, **more
        )

    return make
