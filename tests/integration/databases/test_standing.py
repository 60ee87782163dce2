"""What is asked for at once is what is found one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from alembic_safe.databases import find, missing_relations
from alembic_safe.model.facts import Name
from alembic_safe.model.protocols import Database
from tests.support.databases import TestDatabase

NAMES = [Name("t"), Name("T"), Name("gone"), Name("t", "other"), Name("u", "other"), Name("u"), Name("ix")]
NAMES += [Name("say 'so'"), Name("t", "nowhere")]
PATHS: list[tuple[str, ...]] = [(), ("public",), ("other", "public")]
MADE = ("create table t (i int)", "create index ix on t (i)", "create table \"say 'so'\" (i int)")


@pytest.mark.parametrize("path", PATHS)
def test_the_relations_that_are_missing_on_a_server(
    pg_database: TestDatabase, opened: Callable[..., Database], path: tuple[str, ...]
) -> None:
    database = opened(pg_database)
    for sql in (*MADE, "create schema other", "create table other.u (i int)"):
        database.execute(sql)
    gone = {Name("T"), Name("gone"), Name("t", "other"), Name("t", "nowhere")}
    assert _asked(database, path) == (gone if "other" in path else gone | {Name("u")})


def test_the_relations_that_are_missing_in_a_file(tmp_path: Path, opened: Callable[..., Database]) -> None:
    database = opened(tmp_path / "app.db")
    for sql in MADE:
        database.execute(sql)
    assert _asked(database, ()) == {Name("gone"), Name("u", "other"), Name("u")}


def _asked(database: Database, path: tuple[str, ...]) -> frozenset[Name]:
    found = missing_relations(database, NAMES, path)
    assert found == {name for name in NAMES if find(database, "relation", name, "", path) is None}
    assert not missing_relations(database, [], path)
    return found
