"""Which statements read rows of the project's."""

from __future__ import annotations

import pytest

from alembic_safe.bridge.row_reads import asks_catalog, is_of_the_catalog, reads_rows

READS = {
    "select id from t": (False, True),
    "select count(*) from t join pg_class c on c.relname = t.name": (False, True),
    "with x as (select 1 from t) select * from x": (False, True),
    "SELECT 1 FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE c.relname = 'i'": (True, False),
    "select relname from pg_catalog.pg_class": (True, False),
    "select 1 from information_schema.columns": (True, False),
    "select version_num from alembic_version": (False, False),
    "show server_version": (True, False),
    "select 1": (False, False),
    "update t set a = 1": (False, False),
    "delete from pg_class": (False, False),
}


@pytest.mark.parametrize("sql", READS)
def test_what_reads(sql: str) -> None:
    assert (asks_catalog(sql), reads_rows(sql)) == READS[sql]


def test_the_version_table_is_none_of_the_projects() -> None:
    assert is_of_the_catalog("select version_num from alembic_version")
