"""What a statement leaves behind, whatever its first word."""

from __future__ import annotations

import pytest

from alembic_safe.sql.natures import only_asks


@pytest.mark.parametrize(
    "sql",
    [
        "select a from t where b = %(b)s",
        "(select count(*) from t)",
        "-- why\nselect lower(a), now(), random() from t",
        "with x as (select 1) select * from x",
        "select pg_sleep(1)",
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "select pg_try_advisory_xact_lock(7)",
        "explain delete from t",
        "values (1)",
        "set lock_timeout = 0",
        "savepoint a",
        "select 1; select 2",
    ],
)
def test_what_only_asks(sql: str) -> None:
    assert only_asks(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select credit()",
        "select * from app.credit(1)",
        'select "Credit"()',
        "SELECT create_hypertable('t', 'at')",
        "SELECT AddGeometryColumn('t', 'place', 4326, 'POINT', 2)",
        "SELECT cron.schedule('x', '* * * * *', 'select 1')",
        "select pg_catalog.setval('s', 7)",
        "select * into new from t",
        "explain analyze delete from t",
        "with gone as (delete from t returning id) select * from gone",
        "set lock_timeout = 0; delete from t",
        "select 1; delete from t",
        "update t set a = 1",
        "create table t (id int)",
        "do $$ begin end $$",
    ],
)
def test_what_leaves_something_or_may(sql: str) -> None:
    assert not only_asks(sql)
