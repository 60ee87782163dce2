"""A dump that leaves out the rows of some tables holds the rest, whatever their names are."""

from __future__ import annotations

import re
import time

import pytest

from alembic_safe.databases import read_catalog, read_tables
from alembic_safe.model.backups import DumpContent

# each is a table with one row; the rows of the first of each pair are kept, the second looks like it
NAMES = [
    ("public", "plain"), ("public", "plainer"),
    ("public", "Upper"), ("public", "upper"),
    ("public", "a.b"), ("public", "axb"),
    ("public", 'quo"te'), ("public", "quote"),
    ("public", "star*"), ("public", "starling"),
    ("public", "what?"), ("public", "whatx"),
    ("public", "a|b"), ("public", "b"),
    ("public", "do$llar"), ("public", "do"),
    ("public", "(x)"), ("public", "x"),
    ("public", "line\nend"), ("public", "line"),
    ("public", "back\\slash"), ("public", "backslash"),
    ("public", "ärger"), ("public", "arger"),
    ("sp ace", "plain"), ("sp", "plain"),
    ("we.ird", "t"), ("we", "ird.t"),
]  # fmt: skip


def _quoted(name):
    return ".".join('"' + part.replace('"', '""') + '"' for part in name)


@pytest.fixture
def dumped(opened, tmp_path):
    """A function (TestDatabase, DumpContent) -> rows by table, in the dump."""

    def dump(database, content):
        tool = opened(database).dump_tool(None)
        folder = tmp_path / f"dump{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        tool.write(folder, jobs=2, compression="gzip", tick=lambda: None, content=content)
        return {table.name: table.rows for table in tool.read(folder, tick=lambda: None)}

    return dump


def test_names_that_look_like_patterns(any_pg_database, dumped):
    for schema in sorted({schema for schema, _ in NAMES} - {"public"}):
        any_pg_database.fetch(f'CREATE SCHEMA "{schema}"')
    for name in NAMES:
        any_pg_database.fetch(f"CREATE TABLE {_quoted(name)} AS SELECT 1 AS one")
    kept = NAMES[0::2]

    rows = dumped(any_pg_database, DumpContent(tuple(kept), large_objects=False))

    assert len(rows) == len(kept)
    assert set(rows.values()) == {1}
    found = {name for name in NAMES if any(_as_dumped(name) == one for one in rows)}
    assert found == set(kept)


def _as_dumped(name):
    return ".".join(
        part
        if re.fullmatch("[a-z_][a-z0-9_]*", part) and part != "do"
        else '"' + part.replace('"', '""') + '"'
        for part in name
    )


def test_a_few_of_thousands_of_tables(pg_database, dumped):
    pg_database.fetch(
        "DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE format('CREATE TABLE long_name_of_a_table_%s ()', i); END LOOP;"
        " FOR i IN 1..100 LOOP EXECUTE format('INSERT INTO long_name_of_a_table_%s DEFAULT VALUES', i * 17); END LOOP;"
        " END $$"
    )
    kept = [("public", f"long_name_of_a_table_{i * 17}") for i in range(1, 101)]

    began = time.monotonic()
    rows = dumped(pg_database, DumpContent(tuple(kept)))

    assert rows == {".".join(name): 1 for name in kept}
    assert time.monotonic() - began < 60


def test_none_at_all(pg_database, dumped):
    pg_database.fetch(
        "CREATE TABLE a AS SELECT 1 AS one; CREATE SCHEMA s; CREATE TABLE s.b AS SELECT 1 AS one"
    )
    assert dumped(pg_database, DumpContent(())) == {}


def test_a_database_in_another_encoding(pg, pg_database, dumped):
    pg_database.fetch(
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    try:
        with pg.connect("latin") as connection:
            for name in ("märz", "mär", "ma", "m", "mai", "juni"):
                connection.execute(f'CREATE TABLE "{name}" AS SELECT 1 AS one')
        rows = dumped(pg.keywords("latin"), DumpContent((("public", "märz"), ("public", "juni"))))
        # a table too many does no harm, one too few would
        assert len(rows) == 6
        rows = dumped(pg.keywords("latin"), DumpContent((("public", "mai"), ("public", "juni"))))
        assert set(rows) == {"public.mai", "public.juni"}
    finally:
        pg_database.fetch("DROP DATABASE latin WITH (FORCE)")


def test_sizes_are_known_while_a_table_is_held(any_pg_database, opened):
    any_pg_database.fetch("CREATE TABLE big AS SELECT repeat('x', 100) AS t FROM generate_series(1, 20000)")
    any_pg_database.fetch("VACUUM big")
    database = opened(any_pg_database)
    free = {str(table): table.bytes for table in read_tables(database)}
    holder = any_pg_database.connect()
    holder.execute("BEGIN")
    holder.execute("LOCK TABLE big")
    held = {str(table): table.bytes for table in read_tables(database)}
    holder.execute("ROLLBACK")
    assert free["public.big"] > 2_000_000
    assert held["public.big"] == pytest.approx(free["public.big"], rel=0.1)


def test_what_ties_tables_together(any_pg_database, opened):
    any_pg_database.fetch(
        """
        CREATE TYPE mood AS ENUM ('ok');
        CREATE TABLE a (id int PRIMARY KEY, m mood[]);
        CREATE TABLE b (a int REFERENCES a ON DELETE CASCADE ON UPDATE SET NULL);
        CREATE TABLE p (x int) PARTITION BY RANGE (x);
        CREATE TABLE p1 PARTITION OF p DEFAULT;
        CREATE VIEW v AS SELECT id FROM a;
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER t AFTER INSERT OR UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f();
        CREATE RULE r AS ON DELETE TO b DO ALSO NOTHING;
        """
    )
    catalog = read_catalog(opened(any_pg_database))
    oids = {table.name: table.oid for table in catalog.tables}
    assert (oids["p"], oids["p1"]) in catalog.children
    (key,) = catalog.keys
    assert (key.referencing, key.referenced, key.on_delete, key.on_update) == (oids["b"], oids["a"], "c", "n")
    assert (oids["v"], oids["a"]) in catalog.views
    assert ("public", "mood", oids["a"]) in catalog.typed
    triggers = {one.name: one for one in catalog.triggers}
    assert triggers["t"].events & 4 and triggers["t"].events & 16 and not triggers["t"].events & 8
    assert triggers["r"].events == 8 and triggers["r"].function == 0
    (function,) = [one for one in catalog.functions if one.oid == triggers["t"].function]
    assert (function.name, function.volatile, function.language) == ("f", True, "plpgsql")
    assert "RETURN NEW" in function.source


def test_a_role_that_owns_nothing_sees_and_dumps_the_same(pg_database, opened, dumped):
    """Reading is enough: what is touched follows from the system catalog, which shows everybody the same."""
    role = f"{pg_database.name}_reader"
    pg_database.fetch(
        f"""
        CREATE TABLE a (id int PRIMARY KEY);
        INSERT INTO a SELECT generate_series(1, 7);
        CREATE TABLE b (a int REFERENCES a ON DELETE CASCADE);
        INSERT INTO b VALUES (1);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM b; RETURN NEW; END';
        REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;
        CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f();
        CREATE ROLE "{role}" LOGIN;
        GRANT SELECT ON a, b TO "{role}"
        """
    )
    try:
        reader = pg_database.keywords | {"user": role}
        assert read_catalog(opened(reader)) == read_catalog(opened(pg_database))
        content = DumpContent((("public", "a"),), large_objects=False)
        assert dumped(reader, content) == {"public.a": 7}
    finally:
        pg_database.fetch(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')
