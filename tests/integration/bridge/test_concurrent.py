"""IF NOT EXISTS and INVALID indexes: whose index it is that would be passed over."""

from __future__ import annotations

from contextlib import suppress

import psycopg
import pytest

from tests.integration.bridge.conftest import Bridge
from tests.support.projects import Rev


@pytest.mark.parametrize(
    ("on", "refused"),
    [
        ("one.t", False),
        ('"one" . "t"', False),
        ("two.t", True),
        ('only "two".t', True),
    ],
)
def test_an_invalid_index_counts_in_the_schema_of_the_table(
    on: str, refused: bool, bridge: Bridge, make_project, pg_database
):
    """Another tenant's run may be building one of that name on its own table just now."""
    with pg_database.connect() as connection:
        for schema in ("one", "two"):
            connection.execute(
                f"create schema {schema}; create table {schema}.t as select 1 as a from generate_series(1, 2)"
            )
        with suppress(psycopg.Error):
            connection.execute("create unique index concurrently ix on two.t (a)")
    sql = f"create index concurrently if not exists ix on {on} (a)"
    if "only" in on:
        sql = sql.replace("concurrently ", "")
    body = f"with op.get_context().autocommit_block():\n    op.execute({sql!r})"
    played = bridge(make_project(url=pg_database.url(), revisions=[Rev("a1", body)]))
    if refused:
        assert "DROP INDEX CONCURRENTLY two.ix" in played.why
        return
    assert played.committed == ["a1"], played.why
    assert pg_database.fetch("select indisvalid from pg_index where indexrelid = 'one.ix'::regclass") == [
        (True,)
    ]
