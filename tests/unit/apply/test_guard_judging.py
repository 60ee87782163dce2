"""What the guard does about what it sees: whom it cuts and when, and how it sums."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.apply.guard.judging import AGAIN_SECONDS, CANCEL_SECONDS, Judge
from alembic_safe.model.guarding import Look, OurSession, Waiter
from alembic_safe.model.policies import GuardPolicy
from alembic_safe.model.targets import Session

OURS = Session(10, "2026-01-01 00:00:00.000000")


def look(
    waited: float | None,
    *,
    state: str = "active",
    age: float = 100.0,
    transaction: str = "t1",
    behind: int = 10,
    own: float | None = None,
    blockers: tuple[int, ...] = (),
) -> Look:
    waiters = () if waited is None else (Waiter(20, waited, "AccessShareLock on t", (behind,)),)
    return Look((OurSession(OURS, transaction, age, state, own, "x", blockers),), waiters)


def kinds(judge: Judge, seen: Look, now: float) -> list[tuple[str, str]]:
    return [(act.kind, act.reason) for act in judge.see(seen, now)]


def test_a_running_statement_is_cancelled_and_a_session_that_does_not_let_go_is_ended() -> None:
    judge = Judge(GuardPolicy())
    assert kinds(judge, look(0.9), 0.0) == []
    assert kinds(judge, look(1.01), 0.1) == [("cancel", "stall")]
    assert kinds(judge, look(1.11), 0.2) == []
    assert kinds(judge, look(1.22), 0.1 + CANCEL_SECONDS) == [("terminate", "stall")]
    assert kinds(judge, look(1.3), 0.4) == []
    assert kinds(judge, look(2.4), 0.4 + AGAIN_SECONDS) == [("terminate", "stall")]


@pytest.mark.parametrize("state", ["idle in transaction", "idle in transaction (aborted)", ""])
def test_what_does_not_run_cannot_be_cancelled(state: str) -> None:
    assert kinds(Judge(GuardPolicy()), look(1.1, state=state), 0.0) == [("terminate", "stall")]


def test_a_new_transaction_is_cancelled_before_it_is_ended() -> None:
    judge = Judge(GuardPolicy())
    assert kinds(judge, look(1.1), 0.0) == [("cancel", "stall")]
    assert kinds(judge, look(1.1, transaction="t2"), 0.5) == [("cancel", "stall")]


def test_waits_for_others_and_waits_older_than_our_transaction_do_not_count() -> None:
    judge = Judge(GuardPolicy())
    assert kinds(judge, look(50.0, behind=99), 0.0) == []
    assert kinds(judge, look(50.0, age=0.3), 0.1) == []
    assert kinds(judge, look(50.0, transaction=""), 0.2) == []
    assert judge.total == pytest.approx(0.3)


def test_the_sum_of_short_stalls_is_bounded_too_and_begins_anew_with_a_step() -> None:
    judge = Judge(GuardPolicy(max_stall=1.0, max_total_stall=2.0))
    for n in range(5):
        assert kinds(judge, look(0.5), 10.0 * n) == []
    assert judge.total == pytest.approx(2.5)
    assert kinds(judge, look(0.1), 60.0) == [("cancel", "stall")]
    judge.begin_step()
    assert kinds(judge, look(0.1, transaction="t2"), 70.0) == []


def test_maintenance_lets_everybody_wait() -> None:
    assert kinds(Judge(GuardPolicy(maintenance="night")), look(1000.0), 0.0) == []


def test_our_own_waits() -> None:
    judge = Judge(GuardPolicy(max_wait=60))
    assert kinds(judge, look(None, own=59.0, blockers=(30,)), 0.0) == []
    assert kinds(judge, look(None, own=61.0, blockers=(30,)), 1.0) == [("cancel", "wait")]
    judge = Judge(GuardPolicy())
    assert kinds(judge, look(None, own=0.2, blockers=(10,)), 0.0) == []
    assert kinds(judge, look(None, own=0.4, blockers=(10,)), 0.2) == [("cancel", "own blocker")]
    assert kinds(Judge(GuardPolicy()), look(None, own=0.4, blockers=(10, 30)), 0.0) == []


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.05, 0.5)), max_size=60))
def test_the_sum_is_never_more_than_the_time_that_passed(looks: list[tuple[float, float]]) -> None:
    judge, now = Judge(GuardPolicy()), 0.0
    longest_before = 0.0
    for waited, step in looks:
        now += step
        before = judge.total
        judge.see(look(waited), now)
        longest_before = max(longest_before, waited)
        assert before <= judge.total <= now + longest_before + 1e-9


@given(st.floats(0, 1.0), st.floats(0, 100))
def test_nobody_is_cut_within_the_budget(waited: float, now: float) -> None:
    assert Judge(GuardPolicy()).see(look(waited), now) == []


@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=20))
def test_a_stall_ends_within_a_look_and_the_grace_of_a_cancel(steps: list[float]) -> None:
    """However the looks fall: once it is over the budget, every second look at most 1 s apart acts."""
    judge, now, acts = Judge(GuardPolicy()), 0.0, []
    for step in steps:
        now += step
        acts.append(kinds(judge, look(1.0 + now), now))
    assert acts[0] == [("cancel", "stall")]
    assert all(a == [("terminate", "stall")] for a in acts[1:] if a)
