"""What is written reads back equal, whatever it is, in both kinds of database."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alembic_safe.journal import Journal
from alembic_safe.model.runs import RunRecord, StatementRecord, StepRecord
from tests.integration.journal.conftest import NOON, a_run, a_statement, a_step

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
times = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc))
seconds = st.floats(0, 1e9, allow_nan=False)
counts = st.integers(1, 2**31 - 1)
heads = st.none() | st.lists(texts, max_size=3).map(tuple)

run_records = st.builds(
    RunRecord,
    id=st.just(""),
    command=texts,
    target=texts,
    heads_before=heads,
    began=times,
    tool_version=texts,
    server_version=texts,
    who=texts,
    host=texts,
    ci_link=st.none() | texts,
    heads_after=heads,
    ended=st.none() | times,
    outcome=st.sampled_from(["unfinished", "done", "nothing", "failed", "interrupted", "dirty"]),
    backup=st.none() | texts,
    allowances=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    error=st.none() | texts,
)
step_records = st.builds(
    StepRecord,
    run=st.just(""),
    ordinal=counts,
    revision=texts,
    direction=st.sampled_from(["upgrade", "downgrade"]),
    began=times,
    checksum=texts,
    text=texts,
    transaction=st.none() | texts,
    ended=st.none() | times,
    outcome=st.sampled_from(["unfinished", "committed", "rolled_back", "partial", "unknown"]),
    duration=st.none() | seconds,
    error=st.none() | texts,
    attempts=counts,
)
statement_records = st.builds(
    StatementRecord,
    run=st.just(""),
    step=st.just(1),
    ordinal=counts,
    digest=texts,
    sql=texts,
    file=st.none() | texts,
    line=st.none() | counts,
    began=times,
    duration=st.none() | seconds,
    rows=st.none() | st.integers(-1, 2**63 - 1),
    outcome=st.sampled_from(["unfinished", "done", "failed"]),
    autocommit=st.booleans(),
    error=st.none() | texts,
)

any_values = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@any_values
@given(run=run_records)
def test_runs(journal: Journal, run: RunRecord) -> None:
    written = replace(run, id=uuid.uuid4().hex)
    journal.begin_run(written)
    (read,) = journal.runs(10, run=written.id)
    assert read.run == written
    assert (read.steps, read.statements) == ((), ())


@any_values
@given(steps=st.lists(step_records, max_size=4, unique_by=lambda step: step.ordinal))
def test_steps(journal: Journal, steps: list[StepRecord]) -> None:
    run = a_run(uuid.uuid4().hex)
    journal.begin_run(run)
    written = [replace(step, run=run.id, checksum=f"{run.id}{step.ordinal}") for step in steps]
    for step in written:
        journal.begin_step(step)
    (read,) = journal.runs(10, run=run.id)
    texts = {step.ordinal: journal.revision_text(step.checksum) or "" for step in read.steps}
    assert [replace(step, text=texts[step.ordinal]) for step in read.steps] == sorted(
        written, key=lambda step: step.ordinal
    )


@any_values
@given(
    statements=st.lists(statement_records, max_size=4, unique_by=lambda statement: statement.ordinal),
    alone=statement_records,
    end=step_records,
    ended=times,
)
def test_statements_and_the_ends(
    journal: Journal,
    statements: list[StatementRecord],
    alone: StatementRecord,
    end: StepRecord,
    ended: datetime,
) -> None:
    run = a_run(uuid.uuid4().hex)
    journal.begin_run(run)
    step = a_step(run.id, 1)
    journal.begin_step(step)
    written = [replace(statement, run=run.id) for statement in statements]
    journal.begin_statement(replace(alone, run=run.id))
    journal.end_step(
        run.id,
        1,
        outcome=end.outcome,
        duration=end.duration,
        error=end.error,
        ended=ended,
        statements=written,
    )
    (read,) = journal.runs(10, run=run.id)
    wanted = {alone.ordinal: replace(alone, run=run.id)} | {one.ordinal: one for one in written}
    assert read.statements == tuple(wanted[ordinal] for ordinal in sorted(wanted))
    assert read.steps == (
        replace(step, text="", outcome=end.outcome, duration=end.duration, error=end.error, ended=ended),
    )


@any_values
@given(run=run_records, ended=times, backup=texts, transaction=texts, alone=statement_records)
def test_what_is_set_later(
    journal: Journal, run: RunRecord, ended: datetime, backup: str, transaction: str, alone: StatementRecord
) -> None:
    id = uuid.uuid4().hex
    journal.begin_run(a_run(id))
    journal.begin_step(a_step(id, 1))
    journal.set_backup(id, backup)
    journal.set_transaction(id, 1, transaction)
    journal.begin_statement(
        a_statement(id, 1, alone.ordinal, outcome="unfinished", autocommit=True, duration=None)
    )
    ends: dict[str, Any] = {"duration": alone.duration, "rows": alone.rows, "error": alone.error}
    journal.end_statement(id, 1, alone.ordinal, outcome=alone.outcome, **ends)
    journal.end_run(id, outcome=run.outcome, heads_after=run.heads_after, error=run.error, ended=ended)
    (read,) = journal.runs(10, run=id)
    assert read.run == a_run(
        id, backup=backup, outcome=run.outcome, heads_after=run.heads_after, error=run.error, ended=ended
    )
    assert read.steps == (a_step(id, 1, text="", transaction=transaction),)
    assert read.statements == (
        a_statement(id, 1, alone.ordinal, outcome=alone.outcome, autocommit=True, **ends),
    )


def test_text_that_no_database_can_hold_is_kept_escaped(journal: Journal) -> None:
    journal.begin_run(a_run(error="a\0b\udc80"))
    journal.begin_step(a_step(text="x\0"))
    journal.end_step(
        "r1",
        1,
        outcome="committed",
        duration=0.1,
        error=None,
        ended=NOON,
        statements=[a_statement(sql="SELECT '\0\udc80'")],
    )
    (read,) = journal.runs(1)
    assert read.run.error == "a\\x00b\\udc80"
    assert read.statements[0].sql == "SELECT '\\x00\\udc80'"
    assert journal.revision_text("c" * 64) == "x\\x00"


def test_many_statements_are_written_in_parts(journal: Journal) -> None:
    journal.begin_run(a_run())
    journal.begin_step(a_step())
    many = [a_statement(ordinal=ordinal, sql=f"SELECT {ordinal}") for ordinal in range(1, 4502)]
    journal.end_step("r1", 1, outcome="committed", duration=9.0, error=None, ended=NOON, statements=many)
    (read,) = journal.runs(1)
    assert read.statements == tuple(many)
    assert read.steps[0].outcome == "committed"
