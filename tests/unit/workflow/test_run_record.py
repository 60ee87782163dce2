"""Runs that are about what an earlier one left: they hide it only once it is put right."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from alembic_safe.databases import open_database
from alembic_safe.journal import Journal, open_journal
from alembic_safe.model.policies import ControlPolicy, JournalPolicy
from alembic_safe.model.recovery import Diagnosis, Remedy
from alembic_safe.model.runs import RECOVERS, RunOutcome, RunRecord
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.workflow.remedying import came_to
from alembic_safe.workflow.run_record import unsettled

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
RUN = RunRecord("r1", "upgrade", "t", (), NOW, "0", "17", "me", "here")
ABOUT = replace(RUN, id="r2", command="recover", allowances=((RECOVERS, "r1"),))


@pytest.mark.parametrize(
    ("outcome", "hides"),
    [("done", True), ("nothing", True), ("failed", False), ("dirty", False), ("interrupted", False)],
)
def test_what_a_run_was_about_is_hidden_by_its_good_end_alone(outcome: RunOutcome, hides: bool) -> None:
    assert (replace(ABOUT, outcome=outcome).recovers is None) == hides


@pytest.mark.parametrize("state", ["half applied", "outcome unknown"])
def test_a_remedy_that_leaves_what_it_was_about_does_not_end_its_run_well(state: str) -> None:
    ending = Remedy("end-session", "does", leads_to=("behind", "half applied", "outcome unknown"))
    assert came_to(ending, ABOUT, Diagnosis(state, 6, ()))[0] == "dirty"
    assert came_to(ending, ABOUT, Diagnosis("behind", 0, ()))[0] == "done"


def test_what_is_to_put_right_a_dirty_target_says_so(tmp_path: Path) -> None:
    database = open_database(
        ConnectParameters("sqlite", "sqlite3", {"database": str(tmp_path / "a.db")}), policy=ControlPolicy()
    )
    journal = open_journal(database, JournalPolicy(), create=True)
    assert isinstance(journal, Journal)

    def ran(run: str, outcome: RunOutcome, *allowances: tuple[str, str]) -> tuple[tuple[str, str], ...]:
        journal.begin_run(replace(RUN, id=run, allowances=allowances))
        journal.end_run(run, outcome=outcome, heads_after=(), error=None, ended=NOW)
        return unsettled(journal, "t")

    try:
        assert unsettled(journal, "t") == ()
        assert ran("r1", "done") == ()
        assert ran("r2", "dirty") == ((RECOVERS, "r2"),)
        assert unsettled(journal, "u") == ()
        assert ran("r3", "failed", (RECOVERS, "r2")) == ((RECOVERS, "r3"),)
        assert ran("r4", "done", (RECOVERS, "r3")) == ()
    finally:
        journal.close()
        database.close()
