"""Both revisions of every rule's pair really run, on every server version at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from tests.unit.rules.examples import base_of, folders, for_sqlite, load, ran_on_sqlite, revisions, run

_EMPTY = "DROP SCHEMA IF EXISTS old CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["unsafe", "safe"])
def test_examples_run(any_pg_database: Any, kind: str) -> None:
    """All pairs in one database, emptied before each: a database is dear, a schema is not."""
    connection = any_pg_database.connect()
    engine = sa.create_engine(any_pg_database.url(), poolclass=sa.pool.NullPool)
    wrong: list[str] = []
    for folder in folders():
        if for_sqlite(folder):
            continue
        connection.execute(_EMPTY.encode())
        connection.execute(base_of(folder).encode())
        for path in revisions(folder, kind):
            wrong += _run(path, engine, any_pg_database.major)
    assert wrong == []


def _run(path: Path, engine: sa.engine.Engine, major: int) -> list[str]:
    """What went otherwise than the file says: its `fails`, `fails_before` and `since`."""
    module = load(path)
    name = f"{path.parent.name}/{path.name}"
    if major < getattr(module, "since", 0):
        return []
    expected = getattr(module, "fails", None)
    if expected is not None and major >= getattr(module, "fails_before", 1000):
        expected = None
    try:
        run(path, engine)
    except DBAPIError as fault:
        code = getattr(fault.orig, "sqlstate", None) or getattr(fault.orig, "pgcode", None)
        return [] if code == expected else [f"{name}: {code} {fault.orig}"]
    return [f"{name}: did not fail with {expected}"] if expected else []


@pytest.mark.parametrize("folder", [f for f in folders() if for_sqlite(f)], ids=lambda folder: folder.name)
@pytest.mark.parametrize("kind", ["unsafe", "safe"])
def test_examples_run_on_sqlite(folder: Path, kind: str) -> None:
    for path in revisions(folder, kind):
        module = load(path)
        _, fault, left = ran_on_sqlite(path)
        expected = getattr(module, "fails", "")
        assert (expected in fault) if expected else not fault, fault
        if getattr(module, "loses", ""):
            assert left == [(0,)], "the children are still there"
