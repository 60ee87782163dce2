"""What a target says of itself, on every server: the schema model begun from it is the one its history makes."""

from __future__ import annotations

from typing import Any

import pytest

from alembic_safe.databases import open_database
from alembic_safe.model.facts import Name
from alembic_safe.model.live import LiveLook
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.sql import Schema, apply, read, seeded

_DDL = (
    "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
    "CREATE TABLE customers (id bigint PRIMARY KEY, name varchar(40) NOT NULL, feeling mood, born timestamptz"
    " DEFAULT now(), credit numeric(10,2) DEFAULT 0, tags text[], CONSTRAINT named CHECK (name <> ''))",
    "CREATE TABLE orders (id integer GENERATED ALWAYS AS IDENTITY, customer bigint REFERENCES customers"
    " ON DELETE CASCADE, amount positive, total integer GENERATED ALWAYS AS (id * 2) STORED, UNIQUE (customer, id))",
    "ALTER TABLE orders ADD CONSTRAINT small CHECK (id < 1000) NOT VALID",
    "CREATE INDEX orders_amount ON orders (amount) WHERE total > 3",
    "CREATE UNIQUE INDEX lowered ON customers (lower(name))",
    "CREATE TABLE events (at date NOT NULL, what text) PARTITION BY RANGE (at)",
    "CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "CREATE TABLE events_rest PARTITION OF events DEFAULT",
    "CREATE VIEW known AS SELECT id, name FROM customers",
    "CREATE VIEW known_twice AS SELECT id FROM known",
    "CREATE UNLOGGED TABLE cache (k text)",
    "ALTER TABLE customers REPLICA IDENTITY NOTHING",
    "ALTER TABLE orders REPLICA IDENTITY DEFAULT",
    "ALTER TABLE events REPLICA IDENTITY FULL",
)
_NAMES = ("customers", "orders", "events", "cache")


def _look(
    database: Any, *names: Name, path: tuple[str, ...] = ("public",), calls: tuple[str, ...] = ()
) -> LiveLook:
    opened = open_database(
        ConnectParameters("postgresql", "psycopg", database.keywords), policy=ControlPolicy(), read_only=True
    )
    try:
        return opened.look(names, path, [Name(one) for one in calls])
    finally:
        opened.close()


def _shape(schema: Schema, name: str) -> Any:
    """What judging asks of a table, without what is spelled by chance."""
    table = schema.table(Name(name))
    assert table is not None, name
    columns = {
        c.name: (
            c.type.name if c.type else None,
            c.type.modifiers if c.type else (),
            bool(c.type and c.type.dimensions),
            c.not_null,
            c.generated,
            c.default is not None and not c.generated,
        )
        for c in table.columns.values()
    }
    constraints = sorted(
        (c.kind, c.columns if c.kind != "check" else (), c.valid, str(c.references or ""), c.on_delete)
        for c in table.constraints.values()
        if c.kind != "not null"
    )
    indexes = sorted((str(i.name), i.columns, i.unique, i.constraint) for i in schema.indexes_of(Name(name)))
    family = (set(map(str, table.children)), str(table.default_partition), table.partitioned, table.unlogged)
    return columns, constraints, indexes, family, table.replica_identity


def test_the_catalog_gives_the_schema_that_the_history_makes(any_pg_database: Any) -> None:
    replayed = Schema(knows_all=True)
    for statement in _DDL:
        any_pg_database.fetch(statement)
        replayed = apply(replayed, read(statement))
    look = _look(any_pg_database, *map(Name, _NAMES))
    schema = seeded(look.catalog)
    for name in _NAMES:
        assert _shape(schema, name) == _shape(replayed, name), name
    assert schema.knows_all
    assert {str(t.name) for t in schema.readers(Name("customers"))} == {"known", "known_twice"}
    assert schema.types[Name("mood")].values == ("sad", "ok")
    assert schema.types[Name("positive")].constrained
    assert [str(t.name) for t, _ in schema.referencing(Name("customers"))] == ["orders"]
    assert look.facts.version == any_pg_database.major


def test_sizes_rows_and_dependents(pg_database: Any) -> None:
    for statement in _DDL:
        pg_database.fetch(statement)
    pg_database.fetch(
        "INSERT INTO events SELECT '2020-03-01', repeat('x', 100) FROM generate_series(1, 20000)"
    )
    pg_database.fetch("ANALYZE events_old")
    pg_database.fetch("CREATE PUBLICATION feed FOR TABLE customers")
    pg_database.fetch("CREATE POLICY own ON customers USING (true)")
    facts = _look(pg_database, Name("events"), Name("customers")).facts
    events, customers = facts.table(Name("events")), facts.table(Name("customers"))
    assert events is not None and customers is not None
    assert 2_000_000 < events.bytes < 10_000_000  # of its partitions
    assert customers.publications == ("feed",)
    assert {"view known", "policy own"} <= set(customers.dependents)


def test_a_table_locked_against_reading_is_of_unknown_size_not_small(pg_database: Any) -> None:
    pg_database.fetch("CREATE TABLE t (id int)")
    other = pg_database.connect()
    other.execute("BEGIN")
    other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
    table = _look(pg_database, Name("t")).facts.table(Name("t"))
    other.execute("ROLLBACK")
    assert table is not None and not table.sized


def test_names_mean_what_the_search_path_says(pg_database: Any) -> None:
    pg_database.fetch("CREATE SCHEMA acme")
    pg_database.fetch("CREATE TABLE acme.t (tenant int)")
    pg_database.fetch("CREATE TABLE public.t (own int)")
    catalog = _look(pg_database, Name("t"), path=("acme",)).catalog
    assert [[c.name for c in t.columns] for t in catalog.tables] == [["tenant"]]
    both = seeded(_look(pg_database, Name("t", "acme"), Name("t", "public")).catalog)
    assert set(both.tables[Name("t", "acme")].columns) == {"tenant"}
    assert set(both.tables[Name("t")].columns) == {"own"}


def test_an_invalid_index_is_named(pg_database: Any) -> None:
    pg_database.fetch("CREATE TABLE t (id int)")
    pg_database.fetch("INSERT INTO t VALUES (1), (1)")
    with pytest.raises(Exception, match="unique"):
        pg_database.fetch("CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)")
    assert _look(pg_database, Name("t")).facts.invalid_indexes == (Name("t_id"),)


def test_bodies_of_functions_and_of_those_they_call(pg_database: Any) -> None:
    pg_database.fetch("CREATE TABLE t (id int)")
    pg_database.fetch("CREATE FUNCTION wipe() RETURNS void LANGUAGE sql AS 'DELETE FROM t'")
    pg_database.fetch(
        "CREATE FUNCTION tidy() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM wipe(); END $$"
    )
    pg_database.fetch("CREATE FUNCTION other() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    schema = seeded(_look(pg_database, calls=("tidy",)).catalog)
    assert {str(name) for name in schema.routines} == {"tidy", "wipe"}
    assert "DELETE FROM t" in (schema.routines_of(Name("wipe"))[0].body or "")
