"""What a plan touches, from its statements; and what that reaches, from a catalog."""

from __future__ import annotations

import pytest

from alembic_safe.backup.bodies import body_of
from alembic_safe.backup.reach import reached
from alembic_safe.backup.scopes import touched
from alembic_safe.model.revisions import Revision, RevisionListing, Statement
from alembic_safe.model.scopes import Catalog, CatalogFunction, CatalogKey, CatalogTable, CatalogTrigger
from alembic_safe.workflow.judging import judged


def plan_of(*statements, not_inspectable=None):
    revision = Revision("a1", (), (), (), "", "/nowhere/a1.py", "0")
    captured = tuple(Statement(n, sql, None) for n, sql in enumerate(statements, 1))
    return judged([RevisionListing(revision, "upgrade", captured, not_inspectable)], version=17)


def touches_of(*statements):
    return {(str(t.name), t.how) for t in touched(plan_of(*statements)).touches}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO t VALUES (1)", {("t", "written")}),
        ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", {("t", "written"), ("t", "updated")}),
        ("UPDATE s.t SET a = 1", {("s.t", "updated")}),
        ("DELETE FROM t USING u WHERE t.a = u.a", {("t", "deleted")}),
        ("MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
         {("t", "written"), ("t", "updated"), ("t", "deleted")}),
        ("COPY t FROM STDIN", {("t", "written")}),
        ("TRUNCATE t, u", {("t", "truncated"), ("u", "truncated"), ("t", "rewritten"), ("u", "rewritten")}),
        ("DROP TABLE t, u", {("t", "dropped"), ("u", "dropped")}),
        ("ALTER TABLE t DROP COLUMN a", {("t", "altered")}),
        ("ALTER TABLE t ALTER a TYPE text", {("t", "altered")}),
        ("ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()", {("t", "rewritten")}),
        ("VACUUM FULL t", {("t", "rewritten")}),
        ("DO $$ BEGIN UPDATE t SET a = 1; END $$", {("t", "updated")}),
        ("EXPLAIN ANALYZE DELETE FROM t", {("t", "deleted")}),
        ("WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", {("t", "deleted")}),
    ],
)  # fmt: skip
def test_what_changes_rows(sql, expected):
    assert expected <= touches_of(sql)
    assert {name for name, _ in touches_of(sql)} == {name for name, _ in expected}


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (a int)",
        "ALTER TABLE t ADD COLUMN a int",
        "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 0",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT c",
        "ALTER TABLE t ALTER a SET NOT NULL, ALTER a SET DEFAULT 1",
        "ALTER TABLE t RENAME a TO b",
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "CREATE VIEW v AS SELECT lower(a) FROM t",
        "DROP VIEW v CASCADE",
        "DROP INDEX i",
        "SELECT count(*) FROM t",
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "EXPLAIN DELETE FROM t",
        "COMMENT ON TABLE t IS 'x'",
        "GRANT SELECT ON t TO PUBLIC",
        "LOCK TABLE t",
        "SET lock_timeout = '1s'",
        "ALTER TYPE mood ADD VALUE 'x'",
        "CREATE TABLE t (a int); INSERT INTO t VALUES (1); DROP TABLE t",
        "CREATE TABLE u AS SELECT * FROM t; UPDATE u SET a = 1",
        "CREATE TABLE t (a int); ALTER TABLE t RENAME TO u; DELETE FROM u",
    ],
)
def test_what_loses_nothing(sql):
    assert touched(plan_of(sql)).nothing, touched(plan_of(sql))


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DO $$ DECLARE n text; BEGIN SELECT x INTO n FROM y; EXECUTE 'DROP TABLE ' || n; END $$", "DO"),
        ("EXECUTE p", "prepared"),
        ("FROBNICATE t", "FROBNICATE"),
        ("DROP EXTENSION hstore", "hstore"),
        ("DROP OWNED BY bob", "DROP OWNED"),
        ("DROP FUNCTION f() CASCADE", "DROP FUNCTION f"),
        ("ALTER SCHEMA s RENAME TO u", "another name"),
        ("CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); INSERT INTO t VALUES (1)", "trigger"),
    ],
)  # fmt: skip
def test_what_leaves_a_doubt(sql, why):
    assert any(why in doubt for doubt in touched(plan_of(sql)).doubts), touched(plan_of(sql))


def test_a_revision_that_cannot_be_shown_is_a_doubt():
    (doubt,) = touched(plan_of(not_inspectable="it reads rows")).doubts
    assert "a1" in doubt and "it reads rows" in doubt


def test_names_are_those_from_before_the_plan():
    assert touches_of("ALTER TABLE old RENAME TO new", "UPDATE new SET a = 1") == {("old", "updated")}
    assert touches_of("ALTER TABLE old SET SCHEMA s", "DELETE FROM s.old") == {("old", "deleted")}
    # the name is another table's after the swap
    swap = ("ALTER TABLE a RENAME TO b_old", "CREATE TABLE a (x int)", "DELETE FROM a", "DROP TABLE b_old")
    assert touches_of(*swap) == {("a", "dropped")}


def test_calls_and_large_objects():
    assert touched(plan_of("SELECT my_backfill(1), lower('x')")).calls == ("my_backfill",)
    assert touched(plan_of("INSERT INTO t (a, b) SELECT f(x) FROM u AS v (x)")).calls == ("f",)
    with_query = "WITH d (a) AS (SELECT 1), e AS (SELECT 2) INSERT INTO t (a) SELECT a::numeric(10, 2) FROM d"
    assert touched(plan_of(with_query)).calls == ()
    assert touched(plan_of("CALL p()")).calls == ("p",)
    assert touched(plan_of("SELECT lo_unlink(1)")).large_objects


# --- reach

NAMES = ("orders", "lines", "notes", "audit", "part", "part_1", "v", "log")
OID = {name: n for n, name in enumerate(NAMES, 1)}


def catalog(**more):
    tables = tuple(
        CatalogTable(OID[name], "public", name, {"part": "p", "v": "v"}.get(name, "r"), 100) for name in NAMES
    )
    return Catalog(tables, **more)


def reach_of(sql, **more):
    return reached(touched(plan_of(sql)), catalog(**more), lambda function: body_of(function, 17))


def names(reach):
    return {one.table.name for one in reach.tables}


def test_partitions_and_views():
    assert names(reach_of("UPDATE part SET a = 1", children=((OID["part"], OID["part_1"]),))) == {
        "part",
        "part_1",
    }
    assert names(reach_of("DELETE FROM v", views=((OID["v"], OID["orders"]),))) == {"orders"}


def test_foreign_keys():
    cascade = CatalogKey(OID["lines"], OID["orders"], "c", "a")
    then_null = CatalogKey(OID["notes"], OID["lines"], "n", "a")
    keys = (cascade, then_null)
    assert names(reach_of("DELETE FROM orders", keys=keys)) == {"orders", "lines", "notes"}
    assert names(reach_of("UPDATE orders SET a = 1", keys=keys)) == {"orders"}
    assert names(reach_of("TRUNCATE orders", keys=keys)) == {"orders"}
    assert names(reach_of("TRUNCATE orders CASCADE", keys=keys)) == {"orders", "lines", "notes"}
    assert names(reach_of("DROP TABLE orders CASCADE", keys=keys)) == {"orders"}
    on_update = (CatalogKey(OID["lines"], OID["orders"], "a", "c"),)
    assert names(reach_of("UPDATE orders SET id = 1", keys=on_update)) == {"orders", "lines"}


def trigger(table, events, function=50):
    return CatalogTrigger(OID[table], f"t_{table}", events, function)


def function(source, language="plpgsql", oid=50, name="f", volatile=True, extension=""):
    return CatalogFunction(oid, name, volatile, language, source, extension)


def test_triggers():
    stamp = function("BEGIN NEW.updated_at = now(); RETURN NEW; END")
    quiet = reach_of("UPDATE orders SET a = 1", triggers=(trigger("orders", 16),), functions=(stamp,))
    assert names(quiet) == {"orders"} and not quiet.doubts
    audits = function("BEGIN INSERT INTO audit (a) VALUES (OLD.a); RETURN NEW; END")
    chained = function("BEGIN UPDATE log SET n = n + 1; RETURN NULL; END", oid=51)
    both = (trigger("orders", 16), trigger("audit", 4, 51))
    reach = reach_of("UPDATE orders SET a = 1", triggers=both, functions=(audits, chained))
    assert names(reach) == {"orders", "audit", "log"} and not reach.doubts
    other_event = reach_of("INSERT INTO orders VALUES (1)", triggers=both, functions=(audits, chained))
    assert names(other_event) == {"orders"}
    dynamic = function("BEGIN EXECUTE 'DELETE FROM ' || TG_ARGV[0]; RETURN NULL; END")
    (doubt,) = reach_of("UPDATE orders SET a = 1", triggers=both[:1], functions=(dynamic,)).doubts
    assert "t_orders on public.orders" in doubt
    (doubt,) = reach_of("UPDATE orders SET a = 1", triggers=both[:1], functions=(function("", "c"),)).doubts
    assert "in c" in doubt
    (doubt,) = reach_of("UPDATE orders SET a = 1", triggers=(trigger("orders", 16, 0),)).doubts
    assert "t_orders" in doubt


def test_functions():
    writes = function("DELETE FROM orders; UPDATE notes SET a = 1", "sql")
    assert names(reach_of("SELECT f()", functions=(writes,))) == {"orders", "notes"}
    assert reach_of("SELECT f()", functions=(function("", volatile=False),)).nothing
    assert any("g" in doubt for doubt in reach_of("SELECT g()").doubts)
    itself = function("BEGIN PERFORM 1; UPDATE orders SET a = 1; END")
    assert names(reach_of("SELECT f()", functions=(itself,))) == {"orders"}


def test_functions_of_extensions():
    """What is not known to be harmless may do anything: drop_chunks deletes, dblink_exec runs any SQL."""
    for name, extension in (("drop_chunks", "timescaledb"), ("dblink_exec", "dblink"), ("f", "uuid-ossp")):
        theirs = function("", "c", name=name, extension=extension)
        (doubt,) = reach_of(f"SELECT {name}()", functions=(theirs,)).doubts
        assert f"the extension {extension}" in doubt
        quiet = function("", "c", name=name, extension=extension, volatile=False)
        assert reach_of(f"SELECT {name}()", functions=(quiet,)).nothing
    makes_a_value = function("", "c", name="uuid_generate_v4", extension="uuid-ossp")
    assert reach_of("SELECT public.uuid_generate_v4()", functions=(makes_a_value,)).nothing
    for name, extension, doubts in (("check_foreign_key", "refint", 1), ("moddatetime", "moddatetime", 0)):
        fires = function("", "c", name=name, extension=extension)
        reach = reach_of("UPDATE orders SET a = 1", triggers=(trigger("orders", 16),), functions=(fires,))
        assert (names(reach), len(reach.doubts)) == ({"orders"}, doubts)


def test_schemas_and_types():
    assert names(reach_of("DROP SCHEMA public CASCADE")) == set(NAMES) - {"v"}
    typed = (("public", "mood", OID["notes"]),)
    assert names(reach_of("DROP TYPE mood CASCADE", typed=typed)) == {"notes"}


def test_a_name_without_a_schema_means_every_table_of_that_name():
    tables = (CatalogTable(1, "a", "t", "r", 10), CatalogTable(2, "b", "t", "r", 10))
    for sql, expected in (("DELETE FROM t", {"a.t", "b.t"}), ("DELETE FROM b.t", {"b.t"})):
        reach = reached(touched(plan_of(sql)), Catalog(tables), lambda function: body_of(function, 17))
        assert {str(one.table) for one in reach.tables} == expected
