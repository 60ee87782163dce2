"""A clone's foreign servers lead nowhere, and what is of the clone itself is analyzed all the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from alembic_safe.databases import open_database
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.foreign import analyze, cut_off
from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.targets import ConnectParameters
from tests.support.databases import TestDatabase


def test_a_foreign_table_reaches_nothing(make_pg_database: Callable[..., TestDatabase]) -> None:
    far, near = make_pg_database(), make_pg_database()
    available = near.fetch("select 1 from pg_available_extensions where name = 'postgres_fdw'")
    if not available:
        pytest.skip("this PostgreSQL has no postgres_fdw")
    far.fetch("create table t (a integer)")
    kept = far.server.keywords() | {"dbname": far.name}
    options = ", ".join(f"{name} '{kept[name]}'" for name in ("host", "port", "dbname"))
    user, password = kept["user"], kept.get("password", "x")
    parameters = ConnectParameters("postgresql", "psycopg", near.keywords)
    with closing(open_database(parameters, policy=ControlPolicy())) as database:
        assert isinstance(database, PostgresDatabase)
        for sql in (
            "set client_min_messages = error",
            "create extension postgres_fdw",
            f'create server "Far" foreign data wrapper postgres_fdw options ({options})',
            "create server bare foreign data wrapper postgres_fdw",
            *(
                f"create user mapping for {one} server \"Far\" options (user '{user}', password '{password}')"
                for one in ("public", "current_user")
            ),
            "create table whole (a integer) partition by range (a)",
            "create table here partition of whole for values from (10) to (20)",
            'create foreign table there partition of whole for values from (0) to (10) server "Far"'
            " options (schema_name 'public', table_name 't')",
            "insert into whole values (11)",
        ):
            database.execute(sql)
        database.execute("insert into there values (1)")
        assert far.fetch("select a from t") == [(1,)], "it did lead there"
        cut_off(database)
        with pytest.raises(AlembicSafeError):
            database.execute("insert into there values (2)")
        # even where a revision makes itself known again
        database.execute(f"create user mapping for current_user server \"Far\" options (user '{user}')")
        with pytest.raises(AlembicSafeError):
            database.execute("insert into there values (3)")
        analyze(database)
        assert database.fetch("select reltuples::int from pg_class where relname = 'here'") == [(1,)]
    assert far.fetch("select a from t") == [(1,)]
