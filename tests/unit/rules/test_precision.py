"""Look-alikes: what other catalogues get wrong (found where it is, silent where it is not), and near misses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from alembic_safe.model.findings import Severity
from tests.unit.rules.plans import Part, auto, findings

BASE = """
CREATE TABLE t (id bigint PRIMARY KEY, a int, b text, vc varchar(20), nn text NOT NULL, r_id bigint, ts timestamptz);
CREATE TABLE r (id bigint PRIMARY KEY, code text UNIQUE, name text);
CREATE TABLE lookup (id int PRIMARY KEY, code text UNIQUE);
CREATE INDEX t_vc_low ON t (lower(vc));
CREATE INDEX t_a ON t (a);
CREATE INDEX t_r ON t (r_id);
CREATE TYPE st AS ENUM ('a', 'b');
CREATE TABLE e (s st);
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE DOMAIN plain AS int;
CREATE VIEW v AS SELECT id, a FROM t;
CREATE TABLE p (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
"""


def stopping(*revisions: Sequence[Part], **more: Any) -> list[str]:
    """The rules whose findings are errors."""
    found = findings(*revisions, base=BASE, **more)
    return list(dict.fromkeys(f.rule for f in found if f.severity is Severity.ERROR))


def check(expression: str) -> list[list[Part]]:
    """A CHECK that is added, then validated in a transaction of its own."""
    return [
        [f"ALTER TABLE t ADD CONSTRAINT z CHECK ({expression}) NOT VALID"],
        ["ALTER TABLE t VALIDATE CONSTRAINT z"],
    ]


NEW = "CREATE TABLE n (id bigint PRIMARY KEY, r_id bigint)"
KEY = "FOREIGN KEY (r_id) REFERENCES r (id)"

OTHERS_ARE_WRONG: list[tuple[str, list[list[Part]], list[str]]] = [
    ("stable defaults rewrite nothing", [["ALTER TABLE t ADD c timestamptz DEFAULT now()"]], []),
    ("a nullable inline foreign key validates nothing", [["ALTER TABLE t ADD q bigint REFERENCES r (id)"]], []),
    ("with a default it does", [["ALTER TABLE t ADD q bigint DEFAULT 1 REFERENCES r"]], ["foreign-key-validates"]),
    ("NOT NULL without default", [["ALTER TABLE t ADD c int NOT NULL"]], ["add-required-column"]),
    ("enum to text rewrites", [["ALTER TABLE e ALTER s TYPE text USING s::text"]], ["column-type-rewrite"]),
    ("json to text rewrites", [["ALTER TABLE t ALTER b TYPE json USING b::json"]], ["column-type-rewrite"]),
    ("an expression index on it", [["ALTER TABLE t ALTER vc TYPE varchar(40)"]], ["column-widen-rechecks"]),
    ("an inline CHECK scans", [["ALTER TABLE t ADD c int CHECK (c > 0)"]], ["check-constraint-validates"]),
    (
        "DROP INDEX CONCURRENTLY in a transaction",
        [["DROP INDEX CONCURRENTLY t_a"]],
        ["concurrent-statement-inside-transaction"],
    ),
    ("a new table's foreign key alone", [[NEW, f"ALTER TABLE n ADD {KEY}"]], []),
    (
        "its lock on the old table is held while more is done",
        [[NEW, f"ALTER TABLE n ADD {KEY}", "INSERT INTO n SELECT id, 1 FROM t"]],
        ["statements-after-exclusive-lock"],
    ),
    (
        "NOT VALID is refused on a partitioned table",
        [["ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES r NOT VALID"]],
        ["statement-fails"],
    ),
    (
        "CONCURRENTLY is refused there too",
        [[auto("CREATE INDEX CONCURRENTLY x ON p (at)")]],
        ["index-on-partitioned-parent"],
    ),
    (
        "an unrelated VALIDATE hides nothing",
        [*check("a > 0"), ["ALTER TABLE t ALTER b SET NOT NULL"]],
        ["set-not-null-scan"],
    ),
    ("an immutable call rewrites nothing", [["ALTER TABLE t ADD c int DEFAULT abs(-1)"]], []),
    ("a constrained domain rewrites", [["ALTER TABLE t ADD c pos"]], ["add-column-constrained-domain"]),
    ("one without constraint does not", [["ALTER TABLE t ADD c plain"]], []),
    (
        "the second index of a revision counts",
        [["CREATE TABLE n (id int)", "CREATE INDEX a ON n (id)", "CREATE INDEX b ON t (b)"]],
        ["index-build-blocks-writes"],
    ),
    ("a proof is of one column", [*check("vc IS NOT NULL"), ["ALTER TABLE t ALTER vc SET NOT NULL"]], []),
    (
        "x IS NOT NULL OR ... proves nothing",
        [*check("vc IS NOT NULL OR b IS NOT NULL"), ["ALTER TABLE t ALTER vc SET NOT NULL"]],
        ["set-not-null-scan"],
    ),
    (
        "nor does another column that ends alike",
        [*check("bvc IS NOT NULL"), ["ALTER TABLE t ALTER vc SET NOT NULL"]],
        ["set-not-null-scan"],
    ),
    ("DELETE without WHERE", [["DELETE FROM t"]], ["dml-without-where"]),
    ("TRUNCATE without CASCADE", [["TRUNCATE t"]], ["truncate"]),
    ("VACUUM FULL", [[auto("VACUUM FULL t")]], ["table-rewritten"]),
    (
        "the first line of pg_dump's scripts",
        [["SELECT pg_catalog.set_config('search_path', '', false)"]],
        ["search-path-left-changed"],
    ),
    (
        "a function that is called",
        [["CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'TRUNCATE lookup'", "SELECT f()"]],
        ["truncate"],
    ),
    (
        "a batch in a loop of one transaction",
        [["DO $$ BEGIN LOOP DELETE FROM lookup WHERE id BETWEEN 1 AND 9; END LOOP; END $$"]],
        ["backfill-in-one-statement"],
    ),
    (
        "a view in the way",
        [["ALTER TABLE t ALTER a TYPE text"]],
        ["column-change-refused", "column-type-rewrite"],
    ),
    (
        "a column renamed on the way keeps what hangs on it",
        [["ALTER TABLE t RENAME a TO z"], ["ALTER TABLE t ALTER z TYPE text"]],
        ["column-renamed", "column-change-refused", "column-type-rewrite"],
    ),
    ("SQL in a DO block", [["DO $$ BEGIN DROP TABLE lookup; END $$"]], ["table-dropped"]),
]  # fmt: skip

SAFE: list[tuple[str, list[list[Part]]]] = [
    (
        "add a column and index it after",
        [["ALTER TABLE t ADD c int"], [auto("CREATE INDEX CONCURRENTLY i ON t (c)")]],
    ),
    ("already NOT NULL", [["ALTER TABLE t ALTER nn SET NOT NULL"]]),
    ("text to varchar without limit", [["ALTER TABLE t ALTER b TYPE varchar"]]),
    ("a change by key", [["UPDATE t SET a = 1 WHERE id = 5", "DELETE FROM lookup WHERE code IN ('x', 'y')"]]),
    ("rows of a lookup table", [["INSERT INTO lookup VALUES (1, 'a')"]]),
    (
        "rows of a lookup table, once",
        [["INSERT INTO lookup SELECT 1, 'a' WHERE NOT EXISTS (SELECT FROM lookup)"]],
    ),
    ("fill a table that is new", [["CREATE TABLE n (id bigint)"], ["INSERT INTO n SELECT id FROM t"]]),
    ("take back what the plan made", [["ALTER TABLE t ADD c int"], ["ALTER TABLE t DROP c"]]),
    (
        "rename what the plan made",
        [["CREATE TABLE n (c int)", "ALTER TABLE n RENAME c TO d", "ALTER TABLE n RENAME TO m"]],
    ),
    (
        "drop what is not there",
        [["DROP TABLE IF EXISTS no", "DROP INDEX IF EXISTS no", "DROP VIEW IF EXISTS no"]],
    ),
    ("a temporary table", [["CREATE TEMP TABLE x AS SELECT * FROM t", "UPDATE x SET a = 1", "DROP TABLE x"]]),
    ("an enum's value, unused", [["ALTER TYPE st ADD VALUE 'c'"]]),
    (
        "a new enum's value, used",
        [["CREATE TYPE s2 AS ENUM ('x')", "ALTER TYPE s2 ADD VALUE 'y'", "SELECT 'y'::s2"]],
    ),
    (
        "an enum that is replaced",
        [["ALTER TYPE st RENAME TO st_old", "CREATE TYPE st AS ENUM ('a')", "DROP TYPE st_old"]],
    ),
    ("a default where there was none", [["ALTER TABLE t ALTER a SET DEFAULT 0"]]),
    ("no default to drop", [["ALTER TABLE t ALTER nn DROP DEFAULT"]]),
    (
        "attach what is new and empty",
        [
            [
                "CREATE TABLE q (LIKE p)",
                "ALTER TABLE p ATTACH PARTITION q FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
            ]
        ],
    ),
    (
        "settings of storage",
        [["ALTER TABLE t ALTER b SET STORAGE EXTERNAL", "ALTER TABLE t SET (fillfactor = 70)"]],
    ),
    ("a CHECK that the plan itself added", [*check("a > 0"), ["ALTER TABLE t DROP CONSTRAINT z"]]),
    ("a batch", [[auto("DELETE FROM t WHERE id IN (SELECT id FROM t WHERE a IS NULL LIMIT 1000)")]]),
    ("a batch by key range", [[auto("UPDATE t SET a = 0 WHERE id >= 1 AND id < 1000 AND a IS NULL")]]),
    ("words in a comment and a string", [["COMMENT ON TABLE t IS 'DROP TABLE t; TRUNCATE r'"]]),
    (
        "a CHECK that is replaced",
        [
            ["ALTER TABLE t ADD CONSTRAINT z CHECK (a > 0) NOT VALID"],
            ["ALTER TABLE t DROP CONSTRAINT z", "ALTER TABLE t ADD CONSTRAINT z CHECK (a > 1) NOT VALID"],
        ],
    ),
    (
        "what a function makes is new",
        [
            [
                "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS "
                "'CREATE TABLE n (id int); CREATE INDEX i ON n (id)'",
                "SELECT f()",
            ]
        ],
    ),
    (
        "a path for this transaction that still finds the version table",
        [["SET LOCAL search_path TO a, public"]],
    ),
    ("a drop of nothing", [["DROP TYPE IF EXISTS no", "ALTER TABLE IF EXISTS no ADD c int NOT NULL"]]),
    ("what is only planned", [["EXPLAIN DELETE FROM t"]]),
    ("a schema that the server keeps unless it is empty", [["DROP SCHEMA s"]]),
]


@pytest.mark.parametrize(
    ("name", "revisions", "expected"), OTHERS_ARE_WRONG, ids=lambda v: v if isinstance(v, str) else ""
)
def test_what_other_catalogues_get_wrong(name: str, revisions: list[list[Part]], expected: list[str]) -> None:
    assert stopping(*revisions) == expected


@pytest.mark.parametrize(("name", "revisions"), SAFE, ids=lambda v: v if isinstance(v, str) else "")
def test_what_only_looks_unsafe_stops_nothing(name: str, revisions: list[list[Part]]) -> None:
    assert stopping(*revisions) == []


def test_versions_differ() -> None:
    virtual = ["ALTER TABLE t ADD c int GENERATED ALWAYS AS (a * 2) VIRTUAL"]
    assert stopping(virtual, version=18) == []
    assert stopping(virtual, version=17) == ["statement-fails"]
    not_null = [
        ["ALTER TABLE t ADD CONSTRAINT q NOT NULL b NOT VALID"],
        ["ALTER TABLE t VALIDATE CONSTRAINT q"],
    ]
    assert stopping(*not_null, version=18) == []
    assert "statement-fails" in stopping(*not_null, version=17)


def test_what_is_not_known_is_reckoned_with() -> None:
    found = findings(["ALTER TABLE u ALTER x SET NOT NULL"], ["ALTER TABLE u ALTER y TYPE text"])
    assert [(f.rule, f.severity) for f in found if f.revision == "r1"] == [
        ("set-not-null-scan", Severity.ERROR)
    ]
    assert [(f.rule, f.severity) for f in found if f.revision == "r2"] == [
        ("column-type-rewrite", Severity.WARNING)
    ]


@pytest.mark.parametrize(
    ("sql", "stops"),
    [
        ("UPDATE t SET a = 1 WHERE id = 5 AND b = 'or'", False),
        ("UPDATE t SET a = 1 WHERE id = :id", False),
        ("UPDATE t SET a = 1 WHERE id IN (1, 2)", False),
        ("UPDATE t SET a = 1 WHERE id BETWEEN 1 AND 1000", False),
        ("UPDATE t SET a = 1 WHERE id = 5 OR a IS NULL", True),
        ("UPDATE t SET a = 1 WHERE a IS NULL", True),
        ("UPDATE t SET a = 1 WHERE b = 'x'", True),
        ("UPDATE t SET b = (SELECT name FROM r WHERE r.id = 5) WHERE a IS NULL", True),
        ("UPDATE t SET a = 1 WHERE EXISTS (SELECT FROM r WHERE r.id = 5)", True),
        ("UPDATE t SET b = r.name FROM r WHERE r.id = t.r_id", True),
        ("WITH d AS (DELETE FROM t WHERE a IS NULL RETURNING id) INSERT INTO r (id) SELECT id FROM d", True),
        ("INSERT INTO r (id) SELECT id FROM t", True),
        ("INSERT INTO r (id) SELECT id FROM t WHERE id = 7", False),
        ("INSERT INTO r (SELECT id FROM t)", True),
        ("INSERT INTO r (id) (SELECT id FROM t)", True),
        ("INSERT INTO public.r AS x (id) OVERRIDING SYSTEM VALUE ((SELECT id FROM t))", True),
        ("INSERT INTO r TABLE t", True),
        ("INSERT INTO r (TABLE ONLY t)", True),
        ("INSERT INTO r (id) SELECT 1 UNION ALL (SELECT id FROM t)", True),
        ("INSERT INTO r (id) SELECT 1 UNION TABLE t", True),
        ("INSERT INTO r (id) (SELECT 1 UNION ALL SELECT 2)", False),
        ("INSERT INTO r (id) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM r WHERE id = 1)", False),
        ("INSERT INTO r (id) VALUES ((SELECT max(id) FROM t)), (2)", False),
        (
            "INSERT INTO r (id, code) SELECT (SELECT max(id) FROM t), coalesce((SELECT b FROM t LIMIT 1), 'x')",
            False,
        ),
        ("MERGE INTO t USING r ON t.id = r.id WHEN MATCHED THEN UPDATE SET a = 1", True),
    ],
)
def test_what_bounds_a_change(sql: str, stops: bool) -> None:
    assert bool(stopping([sql])) is stops
