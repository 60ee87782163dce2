"""A rehearsal takes back what was said of what it ran, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alembic_safe.model.findings import (
    Finding,
    GatePolicy,
    JudgedPlan,
    JudgedRevision,
    JudgedStatement,
    Judgement,
    Severity,
)
from alembic_safe.model.revisions import Revision, RevisionListing, Source, Statement
from alembic_safe.rules import gate
from alembic_safe.workflow.as_it_ran import as_rehearsed
from alembic_safe.workflow.rehearsal_verdict import with_the_unseen

PATH = "/p/b2.py"
DROP, ADD = "ALTER TABLE orders DROP COLUMN note", "ALTER TABLE orders ADD COLUMN seen INTEGER"
BY_ROWS = """
def upgrade():
    rows = op.get_bind().execute(sa.text("select count(*) from orders")).scalar()
    op.execute("select 1")
    if rows:
        op.execute("alter table orders drop column note")
    cursor = op.get_bind().connection.cursor()
    cursor.execute("drop table parts")
"""


def revision(name: str, path: str = PATH) -> Revision:
    return Revision(name, (), (), (), "", path, "")


def statement(ordinal: int, sql: str, line: int, *, ran: bool = True) -> Statement:
    return Statement(ordinal, sql, Source(PATH, line), duration=0.1 if ran else None)


def judgement(*findings: Finding, **revisions: list[Statement]) -> Judgement:
    judged = tuple(
        JudgedRevision(revision(name), "upgrade", tuple(map(JudgedStatement, each)))
        for name, each in revisions.items()
    )
    return Judgement(JudgedPlan(judged, 17), findings, gate(findings, GatePolicy()))


def stop(
    revision: str | None, statement: int | None, rule: str = "column-dropped", line: int | None = None
) -> Finding:
    return Finding(rule, Severity.ERROR, "", revision=revision, statement=statement, line=line)


def rules(first: Judgement | None, seen: Judgement) -> list[str]:
    return [one.rule for one in with_the_unseen(first, seen, GatePolicy()).verdict.stopping]


LISTED = [statement(1, ADD, 5, ran=False), statement(2, DROP, 7, ran=False)]


def test_a_statement_that_the_clone_did_not_run_stays_refused() -> None:
    first = judgement(stop("b2", 2), b2=LISTED)
    assert rules(first, judgement(b2=[statement(1, ADD, 5)])) == ["column-dropped"]
    written = [statement(1, ADD, 5), statement(2, DROP, 7, ran=False)]
    assert rules(first, judgement(b2=written)) == ["column-dropped"], "what never ran was not seen"


@pytest.mark.parametrize(
    "ran",
    [statement(4, f"{DROP};", 70), statement(4, "alter table orders drop note", 7)],
    ids=["text", "line"],
)
def test_of_what_ran_only_what_was_seen_counts(ran: Statement) -> None:
    first = judgement(stop("b2", 2), stop("b2", None, "revision-not-inspectable"), b2=LISTED)
    assert rules(first, judgement(b2=[statement(1, ADD, 5), ran])) == []


def test_a_loop_that_turned_less_often_ran_less() -> None:
    listed = [statement(1, "DROP TABLE a", 7, ran=False), statement(2, "DROP TABLE b", 7, ran=False)]
    first = judgement(stop("b2", 1, "a"), stop("b2", 2, "b"), b2=listed)
    assert rules(first, judgement(b2=[statement(1, "DROP TABLE a", 7)])) == ["b"]


def test_a_revision_that_did_not_run_keeps_its_word() -> None:
    first = judgement(stop("c3", 1), stop(None, None, "of-the-plan"), b2=[], c3=LISTED)
    made = with_the_unseen(first, judgement(b2=[statement(1, ADD, 5)]), GatePolicy())
    assert [one.rule for one in made.verdict.stopping] == ["column-dropped", "of-the-plan"]
    assert [one.revision.id for one in made.plan.revisions] == ["b2", "c3"]
    assert rules(replace(first, findings=first.findings[1:]), judgement(b2=[], c3=[])) == []


def test_what_is_said_already_is_not_said_twice() -> None:
    first = judgement(stop("b2", 2, line=7), b2=LISTED)
    assert rules(first, judgement(stop("b2", 9, line=7), b2=[])) == ["column-dropped"]
    assert rules(None, judgement(stop("b2", 9), b2=[])) == ["column-dropped"]


@pytest.mark.parametrize("with_rows", [True, False])
def test_what_a_clone_could_not_show_is_judged_as_written(tmp_path: Path, with_rows: bool) -> None:
    path = tmp_path / "b2.py"
    path.write_text(BY_ROWS)
    ran = tuple(
        replace(statement(number, sql, line), source=Source(str(path), line))
        for number, sql, line in [(1, "select count(*) from orders", 3), (2, "select 1", 4)]
    )
    made = as_rehearsed(RevisionListing(revision("b2", str(path)), "upgrade", ran), with_rows=with_rows)
    unrun = [(one.ordinal, one.sql) for one in made.statements if one.duration is None]
    raw, by_rows = "drop table parts", "alter table orders drop column note"
    assert [sql for _, sql in unrun] == ([raw] if with_rows else [by_rows, raw])
    assert [number for number, _ in unrun] == list(range(3, 3 + len(unrun)))
    assert made.not_inspectable is None


def test_what_is_not_even_written_leaves_it_not_inspectable(tmp_path: Path) -> None:
    path = tmp_path / "b2.py"
    path.write_text(BY_ROWS.replace('"drop table parts"', "made_up()"))
    listing = RevisionListing(revision("b2", str(path)), "upgrade")
    made = as_rehearsed(listing, with_rows=True)
    assert made.not_inspectable == "run on a clone: what a cursor of the driver executes was not seen, line 8"
    assert as_rehearsed(replace(listing, not_inspectable="it failed"), with_rows=True).not_inspectable is None
