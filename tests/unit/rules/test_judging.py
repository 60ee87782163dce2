"""Judging as a whole: allowances, contract steps, sizes, the gate."""

from __future__ import annotations

from alembic_safe.model.facts import Name
from alembic_safe.model.findings import Allowance, GatePolicy, Severity
from alembic_safe.model.live import LiveFacts, LiveTable
from alembic_safe.rules import gate, judge
from alembic_safe.rules.allowing import allow_also
from tests.unit.rules.plans import auto, findings, listing, plan, rules

BASE = "CREATE TABLE t (id bigint PRIMARY KEY, a int, b text); CREATE TABLE r (id bigint PRIMARY KEY)"
INDEX = "CREATE INDEX ix ON t (a)"


def live(rows: float, size: int) -> LiveFacts:
    return LiveFacts(17, {Name("t"): LiveTable(Name("t"), rows, size)})


def test_a_finding_says_where_what_and_whom() -> None:
    (one,) = findings([INDEX], base=BASE)
    assert (one.rule, one.severity, one.revision, one.file, one.line, one.statement) == (
        "index-build-blocks-writes", Severity.ERROR, "r1", "/r1.py", 10, 1,
    )  # fmt: skip
    assert one.objects == ("t",)
    assert one.blocks == ("INSERT, UPDATE, DELETE",)
    assert "op.create_index('ix', 't', ['a'], postgresql_concurrently=True)" in one.recipe


def test_new_tables_are_exempt_and_old_ones_are_not() -> None:
    made = "CREATE TABLE n (id bigint PRIMARY KEY, a int)"
    assert rules([made, "CREATE INDEX ix ON n (a)"], base=BASE) == []
    assert rules([made], ["CREATE INDEX ix ON n (a)"], base=BASE) == []
    # a whole history under review: an object of an earlier revision is old
    assert rules([made], ["CREATE INDEX ix ON n (a)"], together=False) == ["index-build-blocks-writes"]
    assert rules(["CREATE TEMP TABLE n (a int)", "CREATE INDEX ix ON n (a)"], base=BASE) == []


def test_size_decides_severity() -> None:
    (small,) = findings([INDEX], base=BASE, live=live(40, 8192))
    (large,) = findings([INDEX], base=BASE, live=live(4e7, 40_000_000_000))
    assert (small.severity, large.severity) == (Severity.NOTE, Severity.ERROR)
    assert large.seconds == 400 and "7 min" in large.message
    (unknown,) = findings([INDEX], base=BASE, live=LiveFacts(17))
    assert unknown.severity is Severity.ERROR and unknown.seconds is None


def test_on_an_empty_database_nothing_stops() -> None:
    found = judge(plan([INDEX], base=BASE), live=LiveFacts(17, empty=True))
    assert [f.severity for f in found] == [Severity.NOTE]
    assert gate(found, GatePolicy()).proceed


def test_allowances_of_source_sql_and_command_line() -> None:
    source = "\n" * 8 + "# alembic-safe: allow index-build-blocks-writes because it is small\nop.x()\n"
    (one,) = judge(plan([INDEX], base=BASE, sources=[source]))
    assert one.allowed == "it is small"
    assert gate([one], GatePolicy()).allowed == (one,)
    in_sql = f"-- alembic-safe: allow index-build-blocks-writes because tiny\n{INDEX}"
    assert [f.allowed for f in judge(plan([in_sql], base=BASE))] == ["tiny"]
    given = Allowance("index-build-blocks-writes", "at night")
    assert [f.allowed for f in judge(plan([INDEX], base=BASE), allowances=[given])] == ["at night"]


def test_an_allowance_in_sql_covers_its_own_command_alone() -> None:
    two = f"-- alembic-safe: allow index-build-blocks-writes because tiny\n{INDEX}; CREATE INDEX ix2 ON t (b)"
    assert [f.allowed for f in judge(plan([two], base=BASE))] == ["tiny", None]


def test_allowances_that_are_wrong_are_found() -> None:
    source = (
        "# alembic-safe: allow no-such-rule because x\n"
        "# alembic-safe: allow index-build-blocks-writes\n"
        "# alembic-safe: allow index-build-blocks-writes because of another line\n"
        "def downgrade():\n    # alembic-safe: allow table-dropped because it is the way back\n    op.x()\n"
    )
    found = findings([INDEX], base=BASE, sources=[source])
    assert [(f.rule, f.line) for f in found] == [
        ("allowance-not-valid", 2),
        ("allowance-not-valid", 1),
        ("allowance-unused", 3),
        ("index-build-blocks-writes", 10),
    ]
    nothing = judge(plan([INDEX], base=BASE), allowances=[Allowance("nothing", "x")])
    assert "allowance-not-valid" in [f.rule for f in nothing]


def test_the_gate_follows_its_policy() -> None:
    found = judge(plan([INDEX], base=BASE))
    assert gate(found, GatePolicy()).refused
    assert gate(found, GatePolicy("never")).proceed
    assert gate([], GatePolicy("warning")).proceed


def test_what_is_not_read_is_never_safe() -> None:
    unread = listing(1, [], not_inspectable="it asks the database")
    from alembic_safe.workflow.judging import judged

    one = judged([unread], version=17, sources={"r1": "x"})
    for applying, severity in ((False, Severity.WARNING), (True, Severity.ERROR)):
        (found,) = judge(one, policy=GatePolicy(applying=applying))
        assert (found.rule, found.severity) == ("revision-not-inspectable", severity)
    assert rules(["FROBNICATE t"], base=BASE) == ["statement-not-understood"]
    assert rules(["DO $$BEGIN EXECUTE 'drop table ' || x; END$$"], base=BASE) == [
        "table-dropped",
        "statement-not-understood",
    ]


def test_statements_inside_a_do_block_are_judged() -> None:
    assert rules([f"DO $$BEGIN {INDEX}; END$$"], base=BASE) == ["index-build-blocks-writes"]


def test_concurrently_needs_an_autocommit_block() -> None:
    for sql in (
        "CREATE INDEX CONCURRENTLY ix ON t (a)",
        "DROP INDEX CONCURRENTLY ix",
        "REINDEX TABLE CONCURRENTLY t",
    ):
        assert rules([sql], base=BASE) == ["concurrent-statement-inside-transaction"]
    assert rules([auto("CREATE INDEX CONCURRENTLY ix ON t (a)")], base=BASE) == []


def test_an_allowance_given_afterwards_is_as_one_given_before() -> None:
    judged = plan([INDEX, "DROP TABLE r", "ALTER TABLE t DROP COLUMN b"], base=BASE)
    before = Allowance("table-dropped", "it was empty")
    later = [Allowance("column-dropped", "nobody reads it"), Allowance("table-dropped", "not needed")]
    again = allow_also(judge(judged, allowances=[before]), later)
    assert again == judge(judged, allowances=[before, later[0]])
    assert {f.rule: f.allowed for f in again}["table-dropped"] == "it was empty"
    assert {f.rule: f.allowed for f in again}["index-build-blocks-writes"] is None
