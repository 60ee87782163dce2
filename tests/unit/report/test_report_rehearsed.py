"""The console's view of a rehearsal: loops folded, sizes here and there, the way back, and hostile text."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from alembic_safe.model.rehearsals import (
    LostData,
    OldApplication,
    RehearsedLock,
    RehearsedRevision,
    RehearsedStatement,
    RehearsedTable,
    RehearsedTarget,
    RehearseResult,
    RoundTrip,
    TableSize,
)
from alembic_safe.model.revisions import Source
from alembic_safe.report.console import View, render

_BAD = "[red]x[/red]\x1b[2J\r\u202e"


def statement(ordinal: int, sql: str, **more: object) -> RehearsedStatement:
    said = {"source": Source("b2.py", 9), "seconds": 0.5, "rows": None, "autocommit": False, "began": 0.0}
    # each test gives the words that it is about
    return RehearsedStatement(ordinal, sql, traced=True, **{**said, **more})  # type: ignore[arg-type]


def result(name: str = "orders") -> RehearseResult:
    loop = [statement(n, "UPDATE orders ...", changed={name: 10}, pages=100) for n in range(1, 41)]
    index = statement(41, f"CREATE INDEX ON {name}", scanned=(name,), said=(f"NOTICE: {name}",))
    lock = RehearsedLock(name, "SHARE", 41, 0.5, ("INSERT",), 10.0)
    revision = RehearsedRevision(
        name,
        name,
        "b2.py",
        "upgrade",
        20.5,
        (*loop, index),
        (lock,),
        0.5,
        forecast=410.0,
        stall_forecast=10.0,
    )
    sizes = RehearsedTable(name, TableSize(100, 10_000), TableSize(2000, 200_000))
    alike = RehearsedTable("customers", TableSize(100, 10_000), TableSize(101, 10_400))
    target = RehearsedTarget(
        name, "alembic_version", "postgresql", ("a1",), ("b2",), (revision,), (sizes, alike)
    )
    trip = RoundTrip(
        (name,), None, (f"index {name}: did not come back",), lost=(LostData(name, 1, None),), apart=(name,)
    )
    check = OldApplication("b2", name, False, name, 0.1)
    return RehearseResult(
        3, name, name, (target,), over=(name,), round_trips=(trip,), checks=(check,), kept=(name,)
    )


def test_a_loop_is_one_statement_with_what_all_its_rounds_did() -> None:
    text = render(result(), View(width=120))
    assert text.count("UPDATE orders") == 1
    assert "(40 times; 400 rows of orders changed; 4000 pages)" in text
    assert "20.0 s" in text
    assert "further" not in text
    assert render(result(), View(width=120, verbose=True)).count("UPDATE orders") == 40


def test_all_that_was_seen_of_a_statement_is_told_to_who_asks_for_it() -> None:
    said = ('DEBUG1: rewriting table "orders"',)
    one = statement(
        1, "ALTER TABLE", locks=("SHARE on orders",), created=("ix",), dropped=("v", "w"), said=said
    )
    revision = RehearsedRevision("b2", "", "b2.py", "upgrade", 1.0, (one,), (), 0.0)
    whole = RehearseResult(
        0, "", "", (RehearsedTarget("app", "alembic_version", "postgresql", (), (), (revision,)),)
    )
    closely = render(whole, View(width=200, verbose=True))
    assert "(takes SHARE on orders; creates ix; drops v, w)" in closely
    assert said[0] in closely
    assert "takes" not in render(whole, View(width=200))
    assert said[0] not in render(whole, View(width=200))


def test_what_fails_would_not_pass() -> None:
    revision = RehearsedRevision("b2", "", "b2.py", "upgrade", 1.0, (), (), 0.0, fault="no")
    target = RehearsedTarget("app", "alembic_version", "postgresql", (), (), (revision,))
    text = render(RehearseResult(5, "", "", (target,)), View(width=120))
    assert "an upgrade would fail" in text
    assert "pass the gate" not in text


def test_tables_of_another_size_are_told_with_both() -> None:
    text = render(result(), View(width=120))
    assert "orders: about 2000 rows, 200.0 kB; on the clone about 100 rows, 10.0 kB" in text
    assert "customers" not in text, "as large there as here"


def test_what_the_way_back_leaves_is_told_by_kind() -> None:
    text = render(result(), View(width=120))
    assert "after the way down: index orders: did not come back" in text
    assert "not counted: orders" in text
    assert "does not come back: orders: 1 row before, none after" in text


def test_hostile_names_are_shown_and_not_obeyed() -> None:
    text = render(result(_BAD), View(width=120, verbose=True))
    assert [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs")] == []
    assert "[red]x[/red]" in text


def test_a_statement_that_only_marks_a_transaction_is_not_said_to_be_left_out() -> None:
    whole = result()
    (target,) = whole.targets
    (revision,) = target.revisions
    beside = [replace(statement(n, sql), traced=False) for n, sql in ((42, "SAVEPOINT s"), (43, "SELECT 1"))]
    revision = replace(revision, statements=(*revision.statements[-1:], *beside))
    shown = render(replace(whole, targets=(replace(target, revisions=(revision,)),)), View(width=200))
    lines = [line.strip() for line in shown.splitlines()]
    (at,) = [n for n, line in enumerate(lines) if line.endswith("SAVEPOINT s")]
    assert "not looked into" not in lines[at + 1]
    (at,) = [n for n, line in enumerate(lines) if line.endswith("SELECT 1")]
    assert "not looked into" in lines[at + 1]
