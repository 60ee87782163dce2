"""The schema model: what earlier statements made decides what a later one does."""

from __future__ import annotations

import pytest

from alembic_safe.model.facts import Facts, Name
from alembic_safe.sql import Schema, apply, facts_of, read, split

OLD = "CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b int NOT NULL, CHECK (b > 0)); CREATE INDEX i ON t (b);"


def after(*texts: str) -> Schema:
    schema = Schema(knows_all=True)
    for text in texts:
        for piece in split(text):
            schema = apply(schema, read(piece.text))
    return schema


def judged(statement: str, *before: str, version: int = 17) -> Facts:
    return facts_of(read(statement), version, after(OLD, *before))


@pytest.mark.parametrize(
    ("statement", "before", "rewritten"),
    [
        ("ALTER TABLE t ALTER a TYPE varchar(20)", "", False),
        ("ALTER TABLE t ALTER a TYPE varchar(20)", "ALTER TABLE t ALTER a TYPE varchar(50)", True),
        ("ALTER TABLE t ALTER a TYPE text", "", False),
        ("ALTER TABLE t ALTER a TYPE text", "ALTER TABLE t DROP a; ALTER TABLE t ADD a json", True),
        ("ALTER TABLE t RENAME TO u; ALTER TABLE u ALTER a TYPE varchar(20)", "", False),
        ("ALTER TABLE t RENAME a TO x; ALTER TABLE t ALTER x TYPE varchar(20)", "", False),
        ("ALTER TABLE t ADD x d", "CREATE DOMAIN d AS int", False),
        ("ALTER TABLE t ADD x d", "CREATE DOMAIN d AS int CHECK (VALUE > 0)", True),
        ("ALTER TABLE t ADD x d", "CREATE DOMAIN d AS int; ALTER DOMAIN d SET NOT NULL", True),
        ("ALTER TABLE t ADD x e DEFAULT 'a'", "CREATE TYPE e AS ENUM ('a')", False),
        ("ALTER TABLE public.t ALTER a TYPE varchar(20)", "", False),
        ("ALTER TABLE \"T\" ALTER a TYPE varchar(20)", "CREATE TABLE \"T\" (a text)", True),
    ],
)  # fmt: skip
def test_old_types_decide_rewrites(statement: str, before: str, rewritten: bool) -> None:
    *earlier, last = split(statement)
    facts = judged(last.text, before, *(piece.text for piece in earlier))
    assert [r.certain for r in facts.rewrites] == ([True] if rewritten else [])


@pytest.mark.parametrize(
    ("before", "scanned"),
    [
        ("", True),
        ("ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL)", False),
        ("ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL) NOT VALID", True),
        (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k",
            False,
        ),
        ("ALTER TABLE t ADD CONSTRAINT k CHECK (ba IS NOT NULL)", True),
        ("ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL OR b > 0)", True),
        ("ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL); ALTER TABLE t DROP CONSTRAINT k", True),
        ("ALTER TABLE t ALTER a SET NOT NULL", False),
        ("ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t ALTER a DROP NOT NULL", True),
    ],
)
def test_a_valid_check_spares_the_scan(before: str, scanned: bool) -> None:
    assert bool(judged("ALTER TABLE t ALTER COLUMN a SET NOT NULL", before).scans) is scanned


def test_an_index_knows_its_table() -> None:
    locks = {str(f.object.name): f.mode.title for f in judged("DROP INDEX i").locks}
    assert locks == {"i": "ACCESS EXCLUSIVE", "t": "ACCESS EXCLUSIVE"}


def test_an_index_of_an_unknown_table_is_a_doubt() -> None:
    facts = facts_of(read("DROP INDEX x"), 17)
    assert Name("") in [f.object.name for f in facts.locks]
    assert facts.doubts == ("the table of x is not known",)


def test_dropping_a_table_locks_those_it_references() -> None:
    facts = judged("DROP TABLE c", "CREATE TABLE c (t_id int REFERENCES t)")
    assert {str(f.object.name) for f in facts.locks} == {"c", "t"}


def test_a_dropped_table_is_gone_with_its_indexes() -> None:
    schema = after(OLD, "DROP TABLE t")
    assert schema.table(Name("t")) is None
    assert schema.index(Name("i")) is None


def test_names_the_server_makes_up() -> None:
    schema = after(OLD, "CREATE TABLE c (x int UNIQUE, y int REFERENCES t, CHECK (x > 0))")
    table = schema.table(Name("c"))
    assert table is not None
    assert set(table.constraints) == {"c_x_key", "c_y_fkey", "c_x_check"}


def test_changes_leave_the_former_schema_alone() -> None:
    before = after(OLD)
    apply(before, read("ALTER TABLE t DROP COLUMN a"))
    table = before.table(Name("t"))
    assert table is not None
    assert "a" in table.columns


def test_partitions_are_known_through_their_parent() -> None:
    made = (
        "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);"
        "CREATE TABLE p2 (a int); ALTER TABLE p ATTACH PARTITION p2 DEFAULT; ALTER TABLE p DETACH PARTITION p1"
    )
    table = after(made).table(Name("p"))
    assert table is not None
    assert (table.children, table.default_partition) == ((Name("p2"),), Name("p2"))


@pytest.mark.parametrize(
    ("statement", "phase"),
    [
        ("ALTER TABLE t ADD COLUMN x int", "expand"),
        ("ALTER TABLE t ADD COLUMN x int NOT NULL", "contract"),
        ("ALTER TABLE t ADD COLUMN x int NOT NULL DEFAULT 1", "expand"),
        ("ALTER TABLE t DROP COLUMN a", "contract"),
        ("ALTER TABLE t RENAME a TO x", "incompatible"),
        ("ALTER TABLE t RENAME TO x", "incompatible"),
        ("ALTER TABLE t ALTER a TYPE text", "neutral"),
        ("ALTER TABLE t ALTER b TYPE bigint", "incompatible"),
        ("ALTER TABLE t ALTER a SET NOT NULL", "contract"),
        ("ALTER TABLE t ALTER b DROP NOT NULL", "expand"),
        ("UPDATE t SET a = 'x'", "backfill"),
        ("CREATE INDEX x ON t (a)", "expand"),
        ("DROP TABLE t", "contract"),
        ("CREATE TABLE x (id int)", "expand"),
        ("SELECT 1", "neutral"),
        ("SET lock_timeout = '1s'", "neutral"),
    ],
)
def test_phases(statement: str, phase: str) -> None:
    assert judged(statement).phase == phase


@pytest.mark.parametrize(
    ("statement", "lossy"),
    [
        ("DROP TABLE t", True),
        ("ALTER TABLE t DROP COLUMN a", True),
        ("TRUNCATE t", True),
        ("DELETE FROM t WHERE id = 1", True),
        ("DROP SCHEMA s CASCADE", True),
        ("DROP INDEX i", False),
        ("ALTER TABLE t ADD COLUMN x int", False),
        ("INSERT INTO t (b) VALUES (1)", False),
    ],
)
def test_loss(statement: str, lossy: bool) -> None:
    assert bool(judged(statement).lossy) is lossy


@pytest.mark.parametrize(
    "statement",
    ["VACUUM t", "CREATE DATABASE x", "DROP INDEX CONCURRENTLY i", "REINDEX SCHEMA public", "ALTER SYSTEM SET a = 1",
     "ALTER TABLE p DETACH PARTITION q CONCURRENTLY", "CREATE INDEX CONCURRENTLY x ON t (a)"],
)  # fmt: skip
def test_what_refuses_a_transaction(statement: str) -> None:
    assert judged(statement).refuses_transaction


def test_transaction_control_is_known() -> None:
    assert [judged(s).controls_transaction for s in ("COMMIT", "BEGIN", "SAVEPOINT a")] == [True, True, False]


def test_a_batch_copy_is_as_old_as_the_table_it_replaces():
    """alembic's move and copy on SQLite: the application goes on using the table under its name."""
    schema = Schema(knows_all=True)
    schema = apply(schema, read("CREATE TABLE t (id int, a text)")).begin_plan()
    for statement in (
        "CREATE TABLE _alembic_tmp_t (id int)",
        "INSERT INTO _alembic_tmp_t (id) SELECT id FROM t",
        "DROP TABLE t",
        "ALTER TABLE _alembic_tmp_t RENAME TO t",
    ):
        schema = apply(schema, read(statement))
    assert schema.table(Name("t")) is not None
    assert schema.age(Name("t")) is None


VIEWS = (
    "CREATE TABLE u (id int, n int); CREATE VIEW v AS SELECT t.a, u.n FROM t, u; CREATE VIEW w AS SELECT n FROM v;"
    "CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f();"
)


@pytest.mark.parametrize(
    "statement", ["DROP TABLE t CASCADE", "ALTER TABLE t DROP COLUMN a CASCADE", "DROP VIEW v CASCADE"]
)
def test_cascade_takes_the_views_along(statement: str) -> None:
    assert "depends on" in judged("DROP TABLE u", VIEWS).fails
    assert judged("DROP TABLE u", VIEWS, statement).fails == ""
    assert after(OLD, VIEWS, statement).table(Name("w")) is None


def test_a_column_that_cascade_drops_takes_no_other_views_along() -> None:
    schema = after(OLD, VIEWS, "ALTER TABLE t DROP COLUMN b CASCADE")
    table = schema.table(Name("t"))
    assert schema.table(Name("v")) is not None
    assert table is not None and set(table.triggers) == {"g"}


def test_keys_of_partitions_go_with_them() -> None:
    made = (
        "CREATE TABLE p (id int PRIMARY KEY, up int REFERENCES p) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);"
    )
    assert judged("DROP TABLE p", made).fails == ""
    assert "depends on" in judged("DROP TABLE p", made, "CREATE TABLE c (p_id int REFERENCES p)").fails


@pytest.mark.parametrize(
    ("elements", "left"),
    [
        ("CONSTRAINT pk_x PRIMARY KEY (a), CONSTRAINT uq_x UNIQUE (a)", {"pk_x"}),
        ("CONSTRAINT uq_x UNIQUE (a), PRIMARY KEY (a)", {"uq_x"}),
        ("CONSTRAINT k UNIQUE (a), CONSTRAINT l UNIQUE (a)", {"k"}),
        ("CONSTRAINT uq_x UNIQUE (a, b), CONSTRAINT pk_x PRIMARY KEY (b, a)", {"uq_x", "pk_x"}),
        ("CONSTRAINT k UNIQUE (a) INCLUDE (b), CONSTRAINT l UNIQUE (a)", {"k", "l"}),
        ("CONSTRAINT k UNIQUE (a) DEFERRABLE, CONSTRAINT l UNIQUE (a)", {"k", "l"}),
        ("CONSTRAINT k UNIQUE (a), CONSTRAINT l UNIQUE NULLS NOT DISTINCT (a)", {"k", "l"}),
    ],
)
def test_keys_of_the_same_columns_are_one(elements: str, left: set[str]) -> None:
    made = after(f"CREATE TABLE x (a int, b int, {elements})")
    table = made.table(Name("x"))
    assert table is not None
    assert set(table.constraints) == left
    again = "ALTER TABLE x ADD CONSTRAINT uq_x UNIQUE (a)"
    assert bool(facts_of(read(again), 17, made).fails) == ("uq_x" in left)
