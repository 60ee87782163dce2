"""What an earlier statement made decides: indexes, checks, bounds, policies, rights, domains, timeouts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from alembic_safe.model.findings import Severity
from tests.unit.rules.plans import Part, auto, findings

BASE = """
CREATE TABLE t (id bigint PRIMARY KEY, a int, b text, at date NOT NULL);
CREATE UNIQUE INDEX whole ON t (a);
CREATE UNIQUE INDEX partly ON t (a) WHERE a > 0;
CREATE UNIQUE INDEX lowered ON t (lower(b));
CREATE INDEX many ON t (a);
CREATE DOMAIN pos AS int CONSTRAINT is_pos CHECK (VALUE > 0);
CREATE DOMAIN two AS int CONSTRAINT one CHECK (VALUE > 0) CONSTRAINT other CHECK (VALUE < 9);
CREATE VIEW v AS SELECT id, a FROM t;
CREATE VIEW unshared AS SELECT id FROM t;
GRANT SELECT ON v TO app;
CREATE TABLE p (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE l (id bigint, k text NOT NULL) PARTITION BY LIST (k);
"""
ON = "ALTER TABLE t ENABLE ROW LEVEL SECURITY"


def stopping(*revisions: Sequence[Part], base: str = "") -> list[str]:
    """The rules whose findings are errors."""
    found = findings(*revisions, base=BASE + base)
    return list(dict.fromkeys(f.rule for f in found if f.severity is Severity.ERROR))


@pytest.mark.parametrize(
    ("index", "rules"),
    [
        ("whole", []),
        ("partly", ["statement-fails"]),
        ("lowered", ["statement-fails"]),
        ("many", ["statement-fails"]),
    ],
)
def test_only_a_unique_index_over_plain_columns_backs_a_constraint(index, rules):
    assert stopping([f"ALTER TABLE t ADD CONSTRAINT {index} UNIQUE USING INDEX {index}"]) == rules


@pytest.mark.parametrize(
    ("drops", "rules"),
    [
        (["pos DROP CONSTRAINT is_pos"], []),
        (["pos DROP CONSTRAINT is_pos", "pos SET NOT NULL"], ["add-column-constrained-domain"]),
        (["pos DROP CONSTRAINT IF EXISTS another"], ["add-column-constrained-domain"]),
    ],
)
def test_a_domain_is_as_constrained_as_its_constraints_left_it(drops, rules):
    base = "".join(f"ALTER DOMAIN {one};" for one in drops)
    assert stopping(["ALTER TABLE t ADD c pos"], base=base) == rules


def test_one_of_two_constraints_of_a_domain_is_enough():
    base = "ALTER DOMAIN two DROP CONSTRAINT one;"
    assert stopping(["ALTER TABLE t ADD c two"], base=base) == ["add-column-constrained-domain"]
    assert stopping(["ALTER TABLE t ADD c two"], base=base + "ALTER DOMAIN two DROP CONSTRAINT other;") == []


@pytest.mark.parametrize(
    ("value", "stops"),
    [
        ("lock_timeout = '2s'", True),
        ("lock_timeout = 2000", True),
        ("lock_timeout = '10min'", False),
        ("lock_timeout = 600000", False),
        ("statement_timeout = '10min'", True),
        ("statement_timeout = '6h'", False),
    ],
)
def test_a_long_timeout_is_not_a_short_one(value, stops):
    found = stopping([auto(f"SET {value}"), auto("CREATE INDEX CONCURRENTLY x ON t (b)")])
    assert ("concurrent-build-under-timeout" in found) is stops


@pytest.mark.parametrize(
    ("check", "scanned"),
    [
        ("at >= '2026-01-01' AND at < '2027-01-01'", False),
        ("at >= DATE '2026-01-01' AND at < '2026-12-01'::date", False),
        ("at BETWEEN '2026-01-01' AND '2026-06-30'", False),
        ("at >= '2025-06-01' AND at < '2027-01-01'", True),
        ("at >= '2026-01-01' AND at <= '2027-01-01'", True),
        ("at >= '2026-01-01'", True),
        ("id > 0", True),
    ],
)
def test_a_check_proves_a_bound_that_is_no_narrower(check, scanned):
    base = f"CREATE TABLE part (id bigint, at date NOT NULL, CONSTRAINT fits CHECK ({check}));"
    attach = "ALTER TABLE p ATTACH PARTITION part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
    assert stopping([attach], base=base) == (["partition-attach-scans"] if scanned else [])


@pytest.mark.parametrize(
    ("check", "scanned"), [("k = 'x'", False), ("k IN ('x', 'y')", False), ("k IN ('x', 'z')", True)]
)
def test_a_check_proves_a_list_that_holds_all_it_allows(check, scanned):
    base = f"CREATE TABLE part (id bigint, k text NOT NULL, CONSTRAINT fits CHECK ({check}));"
    found = stopping(["ALTER TABLE l ATTACH PARTITION part FOR VALUES IN ('x', 'y')"], base=base)
    assert found == (["partition-attach-scans"] if scanned else [])


def test_the_rows_of_a_partition_leave_its_parent():
    detach = auto("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY")
    assert stopping([detach]) == ["partition-leaves-parent"]
    made = [
        "CREATE TABLE p9 (LIKE p)",
        "ALTER TABLE p ATTACH PARTITION p9 FOR VALUES FROM ('2031-01-01') TO ('2032-01-01')",
    ]
    assert "partition-leaves-parent" not in stopping(
        made, [auto("ALTER TABLE p DETACH PARTITION p9 CONCURRENTLY")]
    )


@pytest.mark.parametrize(
    ("query", "stops"),
    [
        ("SELECT id, a, b, at FROM t2", False),
        ("SELECT * FROM t2 WHERE a > 0", False),
        ("SELECT DISTINCT * FROM t2", True),
        ("SELECT a, count(*) FROM t2 GROUP BY a", True),
        ("SELECT max(a) AS a FROM t2", True),
        ("SELECT * FROM t2 LIMIT 10", True),
        ("SELECT t2.* FROM t2 JOIN p ON p.id = t2.id", True),
        ("SELECT * FROM t2 UNION ALL SELECT * FROM t2", True),
        ("SELECT id, coalesce(a, (SELECT max(id) FROM p)) AS a, b, at FROM t2", False),
    ],
)
def test_a_view_under_the_old_name_has_to_take_writes(query, stops):
    found = stopping(["ALTER TABLE t RENAME TO t2", f"CREATE VIEW t AS {query}"])
    assert found == (["table-renamed"] if stops else [])


def test_a_view_that_rows_go_through_by_a_trigger_takes_writes():
    trigger = "CREATE TRIGGER w INSTEAD OF INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()"
    found = stopping(["ALTER TABLE t RENAME TO t2", "CREATE VIEW t AS SELECT DISTINCT * FROM t2", trigger])
    assert "table-renamed" not in found


@pytest.mark.parametrize(
    ("policies", "stops"),
    [
        (["USING (true)"], False),
        (["FOR ALL USING (true)"], False),
        (["FOR SELECT USING (true)"], True),
        (["AS RESTRICTIVE USING (true)"], True),
        (
            [
                "FOR SELECT USING (true)",
                "FOR INSERT WITH CHECK (true)",
                "FOR UPDATE USING (true)",
                "FOR DELETE USING (true)",
            ],
            False,
        ),
        (["FOR SELECT USING (true)", "FOR INSERT WITH CHECK (true)"], True),
    ],
)
def test_policies_leave_open_only_the_commands_they_are_for(policies, stops):
    made: list[Part] = [f"CREATE POLICY p{n} ON t {one}" for n, one in enumerate(policies)]
    assert ("row-security-changed" in stopping([*made, ON])) is stops


def test_rights_go_with_a_view():
    again = "CREATE VIEW v AS SELECT id, a FROM t"
    assert stopping(["DROP VIEW v", again]) == ["view-dropped"]
    assert stopping(["DROP VIEW v", again, "GRANT SELECT ON v TO app"]) == []
    assert stopping(["DROP VIEW v", again, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO app"]) == []
    assert stopping(["DROP VIEW unshared", "CREATE VIEW unshared AS SELECT id FROM t"]) == []


@pytest.mark.parametrize(
    ("base", "stops"),
    [
        ("GRANT SELECT ON ALL TABLES IN SCHEMA public TO app;", True),
        ("GRANT SELECT ON unshared TO app; REVOKE ALL ON unshared FROM app;", False),
        ("GRANT SELECT ON unshared TO app; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app;", False),
    ],
)
def test_rights_are_those_given_so_far(base, stops):
    found = stopping(["DROP VIEW unshared", "CREATE VIEW unshared AS SELECT id FROM t"], base=base)
    assert found == (["view-dropped"] if stops else [])


def test_an_index_that_is_there_is_not_built_again():
    assert stopping(["CREATE INDEX IF NOT EXISTS many ON t (a)"]) == []
    assert stopping(["CREATE INDEX IF NOT EXISTS more ON t (a)"]) == ["index-build-blocks-writes"]
    gone = "DROP INDEX many;"
    assert stopping(["CREATE INDEX IF NOT EXISTS many ON t (a)"], base=gone) == ["index-build-blocks-writes"]


@pytest.mark.parametrize(
    ("columns", "check", "scanned"),
    [
        ("at date", "", True),
        ("at date", "at IS NOT NULL AND ", False),
        ("at date PRIMARY KEY", "", False),
        ("at date NOT NULL", "", False),
    ],
)
def test_a_bound_keeps_null_out(columns, check, scanned):
    base = (
        f"CREATE TABLE part (id bigint, {columns}, CHECK ({check}at >= '2026-01-01' AND at < '2026-12-31'));"
    )
    attach = "ALTER TABLE p ATTACH PARTITION part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
    assert stopping([attach], base=base) == (["partition-attach-scans"] if scanned else [])
