"""Opening databases in tests: every connection is closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from alembic_safe.databases import open_database
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.targets import ConnectParameters
from tests.support.databases import TestDatabase


def parameters_of(where: Any) -> ConnectParameters:
    """For a TestDatabase, a mapping of libpq keywords, or an SQLite path."""
    if isinstance(where, TestDatabase):
        return ConnectParameters("postgresql", "psycopg", where.keywords)
    if isinstance(where, dict):
        return ConnectParameters("postgresql", "psycopg", where)
    return ConnectParameters("sqlite", "pysqlite", {"database": str(where)})


@pytest.fixture
def opened() -> Iterator[Callable[..., Database]]:
    """A function (TestDatabase | keywords | path, **open_database's) -> Database."""
    with ExitStack() as stack:

        def open_(where: Any, **arguments: Any) -> Database:
            arguments.setdefault("policy", ControlPolicy())
            database = open_database(parameters_of(where), **arguments)
            stack.callback(database.close)
            return database

        yield open_
