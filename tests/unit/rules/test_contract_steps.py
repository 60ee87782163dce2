"""Contract steps: an error until declared, then until proven; and never together with the step they follow."""

from __future__ import annotations

from alembic_safe.model.facts import Name
from alembic_safe.model.findings import GatePolicy, Severity
from alembic_safe.model.live import LiveFacts, Mapped
from alembic_safe.rules import gate, judge
from tests.unit.rules.plans import findings, plan

BASE = "CREATE TABLE t (id bigint PRIMARY KEY, a int, b text)"
DROP = "ALTER TABLE t DROP COLUMN a"
DECLARED = "# alembic-safe: phase contract\n"
WITH: Mapped = {Name("t"): frozenset({"id", "a", "b"})}
WITHOUT: Mapped = {Name("t", "public"): frozenset({"id", "b"})}


def said(
    *, mapped: Mapped | None, before: Mapped | None, applying: bool = True
) -> list[tuple[str, Severity]]:
    live = LiveFacts(17, mapped_before=before)
    found = judge(
        plan([DROP], base=BASE, sources=[DECLARED], mapped=mapped),
        live=live,
        policy=GatePolicy(applying=applying),
    )
    return [(f.rule, f.severity) for f in found]


def test_undeclared_it_is_an_error_whatever_is_mapped() -> None:
    (one,) = judge(plan([DROP], base=BASE, mapped=WITHOUT), live=LiveFacts(17, mapped_before=WITHOUT))
    assert (one.rule, one.severity) == ("column-dropped", Severity.ERROR)
    assert "# alembic-safe: phase contract" in one.recipe and "op.drop_column('t', 'a')" in one.recipe


def test_declared_and_mapped_by_nobody_it_passes_without_any_finding() -> None:
    assert said(mapped=WITHOUT, before=WITHOUT) == []
    assert said(mapped={}, before={}) == []


def test_declared_but_still_mapped_it_stays_an_error() -> None:
    assert said(mapped=WITH, before=WITHOUT) == [("column-dropped", Severity.ERROR)]
    assert said(mapped=WITHOUT, before=WITH) == [("column-dropped", Severity.ERROR)]


def test_declared_and_not_to_be_proven() -> None:
    assert said(mapped=WITHOUT, before=None) == [("contract-not-proven", Severity.ERROR)]
    assert said(mapped=None, before=WITHOUT) == [("contract-not-proven", Severity.ERROR)]
    assert said(mapped=None, before=None, applying=False) == [("contract-not-proven", Severity.WARNING)]


def test_the_expand_step_may_not_be_pending_with_it() -> None:
    steps = (["ALTER TABLE t ADD COLUMN c text"], [DROP])
    pending = findings(*steps, base=BASE, sources=["", DECLARED])
    assert "contract-with-its-expand" in [f.rule for f in pending]
    proven = LiveFacts(17, mapped_before=WITHOUT)
    assert findings(*steps, base=BASE, sources=["", DECLARED], mapped=WITHOUT, live=proven) == []


def test_a_copy_without_the_column_is_a_drop_too() -> None:
    batch: list[str | tuple[str, bool]] = [
        "CREATE TABLE _alembic_tmp_t (id bigint PRIMARY KEY, b text)",
        "INSERT INTO _alembic_tmp_t (id, b) SELECT id, b FROM t",
        "DROP TABLE t",
        "ALTER TABLE _alembic_tmp_t RENAME TO t",
    ]
    one = max(findings(batch, base=BASE, dialect="sqlite"), key=lambda found: found.severity)
    assert (one.rule, one.objects) == ("column-dropped", ("t", "t.a"))


def test_dropped_and_made_again_is_no_contract_step() -> None:
    found = findings(["DROP TABLE t", BASE], base=BASE, sources=[DECLARED])
    assert "table-dropped" in [f.rule for f in found]
    assert gate(found, GatePolicy()).refused


def test_the_phase_of_a_revision_is_what_it_has_to_declare() -> None:
    made = plan(
        ["ALTER TABLE t ADD COLUMN c text"],
        ["UPDATE t SET c = b WHERE id = 1"],
        ["ALTER TABLE t ADD CONSTRAINT k CHECK (c <> '') NOT VALID"],
        [DROP],
        ["ALTER TABLE t RENAME TO u"],
        ["ALTER TABLE t DROP COLUMN c"],
        base=BASE,
    )
    assert [r.phase for r in made.revisions] == [
        "expand", "backfill", "expand", "contract", "incompatible", "expand",
    ]  # fmt: skip
