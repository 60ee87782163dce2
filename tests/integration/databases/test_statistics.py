"""What the planner's statistics and the catalog tell of a table, whatever it is called."""

from __future__ import annotations

from contextlib import closing

from alembic_safe.databases import null_share, open_database, quoted_names
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.targets import ConnectParameters


def test_names_and_shares_of_an_oddly_named_table(pg_database):
    pg_database.fetch(
        'CREATE TABLE "Odd %t" AS SELECT CASE WHEN n > 30 THEN n END AS x FROM generate_series(1, 100) AS n'
    )
    parameters = ConnectParameters("postgresql", "psycopg", pg_database.keywords)
    with closing(open_database(parameters, policy=ControlPolicy())) as database:
        oid = pg_database.fetch("SELECT '\"Odd %t\"'::regclass::oid::bigint")[0][0]
        (name,) = quoted_names(database, [oid]).values()
        assert name == 'public."Odd %t"'
        assert null_share(database, name, "x") is None
        pg_database.fetch('ANALYZE "Odd %t"')
        assert round(null_share(database, name, "x") or 0, 2) == 0.3
