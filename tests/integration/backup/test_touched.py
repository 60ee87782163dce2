"""A dump that leaves out the rows of some tables holds the rest, whatever their names are."""

from __future__ import annotations

import pytest

from alembic_safe.databases import read_catalog, read_tables
from alembic_safe.model.backups import DumpContent

# each is a table with one row; the first of each pair is left out, the second looks like it
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
        folder = tmp_path / "dump"
        folder.mkdir()
        tool.write(folder, jobs=2, compression="gzip", tick=lambda: None, content=content)
        return {table.name: table.rows for table in tool.read(folder, tick=lambda: None)}

    return dump


def test_names_that_look_like_patterns(any_pg_database, dumped):
    for schema in sorted({schema for schema, _ in NAMES} - {"public"}):
        any_pg_database.fetch(f'CREATE SCHEMA "{schema}"')
    for name in NAMES:
        any_pg_database.fetch(f"CREATE TABLE {_quoted(name)} AS SELECT 1 AS one")
    left_out, kept = NAMES[0::2], NAMES[1::2]

    rows = dumped(any_pg_database, DumpContent(tuple(left_out), large_objects=False))

    assert len(rows) == len(kept)
    assert set(rows.values()) == {1}


def test_thousands_of_tables(pg_database, dumped):
    pg_database.fetch(
        "DO $$ BEGIN FOR i IN 1..3000 LOOP"
        " EXECUTE format('CREATE TABLE a_table_with_quite_a_long_name_%s (id int)', i); END LOOP; END $$"
    )
    pg_database.fetch("CREATE TABLE kept AS SELECT 1 AS one")
    others = [("public", f"a_table_with_quite_a_long_name_{i}") for i in range(1, 3001)]

    assert dumped(pg_database, DumpContent(tuple(others))) == {"public.kept": 1}


def test_a_database_in_another_encoding(pg, pg_database, dumped, opened):
    pg_database.fetch("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        with pg.connect("latin") as connection:
            connection.execute('CREATE TABLE "ärger" AS SELECT 1 AS one; CREATE TABLE plain AS SELECT 1 AS one')
        content = DumpContent((("public", "ärger"), ("public", "plain")))
        tool_database = opened(pg.keywords("latin"))
        rows = dumped(pg.keywords("latin"), content)
        assert list(rows.values()) == [1]  # a row too many does no harm, one too few would
        assert "plain" not in str(rows)
        tool_database.close()
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
