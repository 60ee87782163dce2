"""The backup that a plan says there would be, by what is pending on a real database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from alembic_safe.model.policies import BackupPolicy
from alembic_safe.model.results import PlannedTarget, TargetSummary
from alembic_safe.model.revisions import Revision, RevisionListing, Statement
from alembic_safe.workflow.judging import judged
from alembic_safe.workflow.planned_backup import with_backups

SUMMARY = TargetSummary("t", "postgresql", "here", "18", "alembic_version", ())
TARGET = PlannedTarget(SUMMARY, (), (), {})


def foreseen(database, *statements, **policy):
    """What would be made before these statements; with none of them, nothing is pending."""
    revision = Revision("a1", (), (), (), "", "/nowhere/a1.py", "0")
    captured = tuple(Statement(n, sql, None) for n, sql in enumerate(statements, 1))
    plan = judged([RevisionListing(revision, "upgrade", captured)], version=17)
    pending = ("a1",) if statements else ()
    site: Any = SimpleNamespace(database=database, pending=pending, judgement=SimpleNamespace(plan=plan))
    made = BackupPolicy(Path("/nowhere"), **policy)
    return with_backups(made, [site], [TARGET])[0].backup


@pytest.fixture
def shop(pg_database, opened):
    pg_database.fetch(
        "CREATE TABLE account (id int PRIMARY KEY); CREATE TABLE other AS SELECT generate_series(1, 9999) AS g;"
        "CREATE TABLE visit (account int REFERENCES account ON DELETE CASCADE); ANALYZE"
    )
    return opened(pg_database)


def test_as_the_upgrade_would_choose(shop):
    lost = foreseen(shop, "DELETE FROM account", full_below=0)
    assert (lost.scope, lost.engine, lost.way_back) == ("touched", "pg_dump", "copy back")
    assert lost.tables == ("public.account", "public.visit")
    assert "public.account, public.visit" in lost.why
    added = foreseen(shop, "ALTER TABLE other ADD COLUMN more int", full_below=0)
    assert (added.scope, added.way_back, added.tables) == ("schema", "downgrade, not rehearsed", ())
    small = foreseen(shop, "DELETE FROM account")
    assert (small.scope, small.way_back, small.tables) == ("full", "restore", ())


def test_what_it_would_not_bring_back(shop):
    backup = foreseen(shop, "DELETE FROM account", scope="schema")
    assert (backup.scope, backup.way_back) == ("schema", "none")
    assert "may change or lose rows of public.account" in backup.warnings[0]


def test_a_command_no_backup_and_nothing_pending(shop):
    external = foreseen(shop, "DELETE FROM account", command="snapshot")
    assert (external.scope, external.engine, external.way_back) == ("full", "external", "restore")
    none = foreseen(shop, "DELETE FROM account", skip_reason="it is a copy")
    assert (none.scope, none.engine, none.why, none.way_back) == ("none", None, "it is a copy", "none")
    assert foreseen(shop) is None


def test_a_file(tmp_path, opened):
    file = tmp_path / "app.db"
    new = opened(file)
    assert "does not exist yet" in foreseen(new, "CREATE TABLE t (a int)").why
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE t (a int)")
    backup = foreseen(opened(file), "DELETE FROM t")
    assert (backup.scope, backup.engine, backup.way_back) == ("full", "sqlite", "restore")
