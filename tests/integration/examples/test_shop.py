"""The example project, with data, up and down: with raw alembic and with alembic-safe."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys

import pytest

from tests.architecture.code import ROOT
from tests.support.processes import Completed, run
from tests.support.projects import Project
from tests.support.schema import schema_dump

CUSTOMERS = 2500  # more than two batches of the backfill, and the last one not full


class Shop(Project):
    """A copy of the example on one database."""

    def __init__(self, path, database=None):
        shutil.copytree(ROOT / "migrations_examples" / "shop", path, ignore=shutil.ignore_patterns("*.db"))
        self.database = database
        super().__init__(path, database.url() if database else f"sqlite:///{path}/shop.db")

    def environment(self, extra=None):
        return super().environment({"SHOP_DATABASE_URL": self.url, **(extra or {})})

    def seed(self):
        command = [sys.executable, "-m", "shop.seed", str(CUSTOMERS)]
        run(command, cwd=self.path, env=self.environment()).ok()

    def fetch(self, statement):
        if self.database:
            return self.database.fetch(statement)
        connection = sqlite3.connect(self.path / "shop.db")
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def schema(self):
        return schema_dump(self.database or self.path / "shop.db")


@pytest.fixture
def on_postgresql(tmp_path, any_pg_database):
    shop = Shop(tmp_path / "shop", any_pg_database)
    yield shop
    assert not shop.close()


@pytest.fixture
def on_sqlite(tmp_path):
    shop = Shop(tmp_path / "shop")
    yield shop
    assert not shop.close()


def _halves(name):
    given, _, family = name.partition(" ")
    return given, family


def _parts(schema):
    """A schema without the order of columns: one that went and came back stands last."""
    parts = re.split(r",|\n|\( ", schema.replace('"', "").replace("(CURRENT_TIMESTAMP)", "CURRENT_TIMESTAMP"))
    return sorted(part.strip(" ;)") for part in parts if part.strip(" ;)"))


def there_and_back(shop, command):
    """Seed the first release, go to the newest revision and back, and to the newest again."""
    command("upgrade", "0002").ok()
    shop.seed()
    names = shop.fetch("SELECT id, name FROM customers ORDER BY id")
    first = shop.schema()
    command("upgrade", "head").ok()
    shop.run_alembic("check").ok()
    split = shop.fetch("SELECT id, given_name, family_name FROM customers ORDER BY id")
    assert split == [(id, *_halves(name)) for id, name in names]
    newest = shop.schema()
    command("downgrade", "0002").ok()
    assert shop.fetch("SELECT id, name FROM customers ORDER BY id") == names
    assert _parts(shop.schema()) == _parts(first)
    command("upgrade", "head").ok()
    assert shop.schema() == newest
    command("downgrade", "base").ok()
    assert "CREATE TABLE" not in shop.schema()


@pytest.mark.long
def test_shop_on_postgresql_with_raw_alembic(on_postgresql):
    there_and_back(on_postgresql, on_postgresql.run_alembic)


@pytest.mark.long
def test_shop_on_sqlite_with_raw_alembic(on_sqlite):
    there_and_back(on_sqlite, on_sqlite.run_alembic)


def through_the_gate(shop):
    """Commands as the example's README has them: all at once is refused, then what may run does."""
    tried: list[Completed] = []

    def command(verb, revision):
        if verb == "downgrade":
            return shop.run(verb, revision, *_LOSSES)
        if revision == "0002":
            return shop.run(verb, revision)
        if not tried:  # once is enough
            tried.append(shop.run(verb, revision))
            assert tried[0].exit == 3 and "contract-not-proven" in tried[0].stderr, str(tried[0])
        shop.run(verb, "0009").ok()
        return shop.run(verb, revision, "--allow", "contract-not-proven=there was one release only")

    return command


_LOSSES = [
    word
    for rule in ("column-dropped", "constraint-dropped", "table-dropped", "batch-copy-tightens")
    for word in ("--allow", f"{rule}=the shop goes back")
]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_shop_on_postgresql_with_alembic_safe(on_postgresql):
    there_and_back(on_postgresql, through_the_gate(on_postgresql))


@pytest.mark.long
@pytest.mark.timeout(300)
def test_shop_on_sqlite_with_alembic_safe(on_sqlite):
    there_and_back(on_sqlite, through_the_gate(on_sqlite))
