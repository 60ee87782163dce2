"""A scratch database goes from a server that stays, whatever the history put into it; one that does not is told."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import make_conninfo

from alembic_safe.databases.postgresql.scratch import PostgresScratch
from alembic_safe.model.scratch import Clone
from tests.support.databases import TestDatabase

# disabled, as a dump brings it back
SUBSCRIBE = "CREATE SUBSCRIPTION feed CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = 's')"


def _subscribed(place: PostgresScratch) -> Clone:
    clone = place.make()
    with psycopg.connect(make_conninfo("", **clone.keywords), autocommit=True) as connection:
        connection.execute("SET client_min_messages = error")
        connection.execute(SUBSCRIBE)
    return clone


def _there(database: TestDatabase, *clones: Clone) -> list[str]:
    found = database.fetch("select datname::text from pg_database")
    return [clone.name for clone in clones if (clone.name,) in found]


def test_one_with_a_subscription_is_dropped(pg_database: TestDatabase) -> None:
    def opened(run: str) -> PostgresScratch:
        return PostgresScratch(pg_database.server.keywords(), run=run, shared=True)

    killed = opened("20261122T024300Z-abc125")
    left_behind = _subscribed(killed)
    killed._server.close()
    place = opened("20261122T024300Z-abc126")
    assert left_behind.name in place.drop_leftovers()
    clone, stubborn = _subscribed(place), place.make()
    pg_database.fetch(f"alter database {stubborn.name} is_template true")
    place.close()
    assert _there(pg_database, left_behind, clone) == []
    assert place.left == (stubborn.name,)
    pg_database.fetch(f"alter database {stubborn.name} is_template false")
    place = opened("20261122T024300Z-abc127")
    assert place.drop_leftovers() == (stubborn.name,)
    place.close()
    assert _there(pg_database, stubborn) == []
