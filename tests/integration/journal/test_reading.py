"""What the journal answers: the newest first, the unfinished, the slowest, how long a revision will take."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alembic_safe.errors import AlembicSafeError
from alembic_safe.journal import Journal
from tests.integration.journal.conftest import NOON, a_run, a_statement, a_step, commit


def test_runs_come_newest_first_whatever_their_clocks_said(journal: Journal) -> None:
    for number, began in enumerate([3, 1, 2]):
        journal.begin_run(a_run(f"r{number}", began=NOON + timedelta(hours=began)))
        commit(journal, f"r{number}", 2, "c3", 1.0)
        commit(journal, f"r{number}", 1, "b2", 1.0)
    assert [history.run.id for history in journal.runs(2)] == ["r2", "r1"]
    assert [step.ordinal for step in journal.runs(1)[0].steps] == [1, 2]
    assert [(one.run, one.step) for one in journal.runs(1)[0].statements] == [("r2", 1), ("r2", 2)]
    assert journal.runs(5, run="r0")[0].run.id == "r0"
    assert journal.runs(5, run="none") == ()


def test_unfinished_and_last_are_of_one_target(journal: Journal) -> None:
    journal.begin_run(a_run("killed"))
    journal.begin_run(a_run("other", target="billing"))
    journal.begin_run(a_run("again"))
    journal.begin_run(a_run("ended"))
    journal.end_run("ended", outcome="done", heads_after=("b2",), error=None, ended=NOON)
    assert [history.run.id for history in journal.unfinished_runs("shop")] == ["again", "killed"]
    last = journal.last_run("shop")
    assert last is not None and last.run.id == "ended"
    assert journal.last_run("nowhere") is None
    journal.end_run("killed", outcome="interrupted", heads_after=None, error="killed", ended=NOON)
    assert [history.run.id for history in journal.unfinished_runs("shop")] == ["again"]


def test_no_heads_and_no_table_are_told_apart(journal: Journal) -> None:
    journal.begin_run(a_run("empty", heads_before=()))
    journal.begin_run(a_run("none", heads_before=None))
    assert [history.run.heads_before for history in journal.runs(2)] == [None, ()]


def test_expected_is_what_it_took_when_last_committed(journal: Journal) -> None:
    journal.begin_run(a_run("r1"))
    commit(journal, "r1", 1, "b2", 5.0)
    commit(journal, "r1", 2, "c3", 7.0)
    journal.begin_run(a_run("r2"))
    commit(journal, "r2", 1, "b2", 0.5, direction="downgrade")
    journal.begin_run(a_run("r3"))
    commit(journal, "r3", 1, "b2", 6.0)
    journal.begin_run(a_run("r4"))
    journal.begin_step(a_step("r4", 1, "b2"))
    journal.end_step(
        "r4", 1, outcome="rolled_back", duration=99.0, error="x", ended=NOON, statements=[a_statement("r4")]
    )
    assert journal.expected_durations(["b2", "c3", "new"], "upgrade") == {"b2": 6.0, "c3": 7.0}
    assert journal.expected_durations(["b2"], "downgrade") == {"b2": 0.5}
    assert journal.expected_durations([f"x{i}" for i in range(1200)] + ["c3"], "upgrade") == {"c3": 7.0}


def test_the_slowest(journal: Journal) -> None:
    journal.begin_run(a_run())
    journal.begin_step(a_step())
    statements = [
        a_statement(ordinal=1, duration=1.0),
        a_statement(ordinal=2, duration=3.0, sql="CREATE INDEX", file=None, line=None),
        a_statement(ordinal=3, duration=None),
    ]
    journal.end_step(
        "r1", 1, outcome="committed", duration=4.0, error=None, ended=NOON, statements=statements
    )
    assert journal.slowest(5) == (
        ("b2", "", "CREATE INDEX", 3.0),
        ("b2", "/app/versions/b2.py:12", statements[0].sql, 1.0),
    )
    assert len(journal.slowest(1)) == 1


def test_another_attempt_takes_the_place_of_the_one_before(journal: Journal) -> None:
    journal.begin_run(a_run())
    journal.begin_step(a_step())
    failed = [a_statement(ordinal=1), a_statement(ordinal=2, outcome="failed", error="lock timeout")]
    journal.end_step("r1", 1, outcome="rolled_back", duration=1.0, error="e", ended=NOON, statements=failed)
    journal.begin_step(a_step(attempts=2))
    (read,) = journal.runs(1)
    assert read.steps == (a_step(attempts=2, text=""),)
    for waited in (0.5, 1.25):  # of all attempts so far
        journal.set_waited("r1", 1, waited)
    (read,) = journal.runs(1)
    assert read.steps == (a_step(attempts=2, text="", waited=1.25),)
    assert read.statements == ()


def test_a_forecast_is_kept_beside_what_the_revision_took(journal: Journal) -> None:
    journal.begin_run(a_run())
    journal.set_forecast("r1", a_step().revision, 3.0)
    journal.begin_step(a_step())
    journal.end_step("r1", 1, outcome="committed", duration=2.0, error=None, ended=NOON, statements=[])
    ((step,),) = [one.steps for one in journal.runs(1)]
    assert (step.forecast, step.forecast_error) == (3.0, 0.5)


def test_the_text_of_a_file_is_kept_once(journal: Journal) -> None:
    for number in range(3):
        journal.begin_run(a_run(f"r{number}"))
        journal.begin_step(a_step(f"r{number}"))
    journal.begin_step(a_step("r0", 2, checksum="e" * 64, text=""))
    prefix = '"alembic_safe".' if journal.store.dialect == "postgresql" else ""
    found = journal.store.database.fetch(f"SELECT checksum, text FROM {prefix}revision_file")
    assert found == [("c" * 64, "def upgrade(): ...")]
    assert journal.revision_text("e" * 64) is None


def test_what_was_never_begun_cannot_end(journal: Journal) -> None:
    with pytest.raises(AlembicSafeError, match="no row for end run"):
        journal.end_run("gone", outcome="done", heads_after=(), error=None, ended=NOON)
    journal.begin_run(a_run())
    with pytest.raises(AlembicSafeError):
        journal.end_step("r1", 1, outcome="committed", duration=1.0, error=None, ended=NOON, statements=[])
    with pytest.raises(AlembicSafeError):
        journal.set_transaction("r1", 1, "750")
    with pytest.raises(AlembicSafeError):
        journal.begin_step(a_step("gone"))
    assert journal.runs(1)[0].steps == ()


def test_a_step_and_its_statements_are_written_together_or_not_at_all(journal: Journal) -> None:
    journal.begin_run(a_run())
    journal.begin_step(a_step())
    twice = [a_statement(ordinal=1), a_statement(ordinal=1, line="no number")]
    if journal.store.dialect == "sqlite":
        twice = [a_statement(ordinal=1), a_statement(ordinal=2, sql=None)]
    with pytest.raises(AlembicSafeError):
        journal.end_step("r1", 1, outcome="committed", duration=1.0, error=None, ended=NOON, statements=twice)
    (read,) = journal.runs(1)
    assert (read.steps[0].outcome, read.statements) == ("unfinished", ())
