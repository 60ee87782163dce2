"""A journal that is carried over is whole: every table of every format, and what stood in them."""

from __future__ import annotations

from typing import Any

from alembic_safe.journal import carry_over, open_journal
from alembic_safe.journal.carrying import carried
from alembic_safe.model.facts import Name
from alembic_safe.model.policies import JournalPolicy
from tests.integration.journal.conftest import a_run, a_step, pg_parameters

_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'alembic_safe' ORDER BY 1"


def test_every_table_is_carried_with_its_rows(make_pg_database: Any, opened: Any) -> None:
    old, new = (opened(pg_parameters(make_pg_database().keywords)) for _ in range(2))
    journal = open_journal(old, JournalPolicy(), create=True)
    assert sorted((*carried(), "meta")) == [name for (name,) in old.fetch(_TABLES)]
    journal.begin_run(a_run())
    journal.begin_step(a_step())
    journal.set_checkout("r1", "v2", {Name("item", "shop"): frozenset({"id"})})
    carry_over(old, new, JournalPolicy())
    for table in carried():
        rows = f"SELECT to_jsonb(t) FROM alembic_safe.{table} AS t ORDER BY 1"
        assert new.fetch(rows) == old.fetch(rows), table
    assert new.fetch("SELECT count(*) FROM alembic_safe.checkout") == [(1,)]
