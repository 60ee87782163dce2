"""The retry schedule: bounded in every direction, whatever chance does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.apply.retrying import LAST_BOUND, LEAST_PAUSE, Cause, Ended, Tries, after, cause_of, pause
from alembic_safe.model.guarding import CutReason
from alembic_safe.model.policies import GuardPolicy

CAUSES: st.SearchStrategy[Cause] = st.sampled_from(
    ["lock", "deadlock", "serialization", "stall", "wait", "withdrawn"]
)
SECONDS = st.floats(0, 1e6)


@given(CAUSES, st.integers(1, 10_000), st.floats(0, 60), SECONDS, st.floats(0, 1))
def test_a_pause_is_within_its_bounds_and_the_deadline(
    cause: Cause, failed: int, stalled: float, elapsed: float, chance: float
) -> None:
    policy = GuardPolicy()
    tries = Tries("a1", failed, 0, 100.0)
    drawn = pause(tries, cause, policy, stalled=stalled, now=100.0 + elapsed, chance=chance)
    if drawn is not None:
        assert LEAST_PAUSE <= drawn <= LAST_BOUND
        assert elapsed + drawn <= policy.retry_deadline + 1e-6
        assert stalled + policy.lock_timeout <= policy.max_total_stall


@given(CAUSES, st.lists(st.floats(0, 1), min_size=60, max_size=60), st.floats(0, 0.5))
def test_every_series_of_attempts_ends(cause: Cause, chances: list[float], each: float) -> None:
    policy = GuardPolicy(retry_deadline=30)
    now, stalled, tries = 0.0, 0.0, None
    for chance in chances:
        ended = Ended("a1", "rolled_back", cut="stall" if cause == "stall" else None)
        tries = after(tries, ended, now)
        stalled += each
        drawn = pause(tries, cause, policy, stalled=stalled, now=now, chance=chance)
        if drawn is None:
            break
        now += drawn + each + 0.5
    else:
        pytest.fail("it went on for ever")
    assert now <= policy.retry_deadline + 1
    assert stalled <= policy.max_total_stall + each


@given(st.integers(1, 30), st.floats(0, 1))
def test_the_bound_doubles_and_chance_is_spread_over_all_of_it(failed: int, chance: float) -> None:
    policy = GuardPolicy(retry_deadline=1e9)
    tries = Tries("a1", failed, 0, 0.0)
    low = pause(tries, "lock", policy, stalled=0, now=0, chance=0.0)
    high = pause(tries, "lock", policy, stalled=0, now=0, chance=1.0)
    drawn = pause(tries, "lock", policy, stalled=0, now=0, chance=chance)
    assert low == LEAST_PAUSE
    assert high == min(LAST_BOUND, 2.0 ** (failed - 1))
    assert drawn == max(LEAST_PAUSE, chance * high)


def test_a_cut_for_its_stall_is_tried_once_more_and_no_oftener() -> None:
    policy = GuardPolicy()
    ended = Ended("a1", "rolled_back", "57014", cut="stall")
    first = after(None, ended, 0.0)
    assert pause(first, "stall", policy, stalled=1.1, now=0, chance=0.5) is not None
    second = after(first, ended, 2.0)
    assert pause(second, "stall", policy, stalled=2.2, now=2, chance=0.5) is None


def test_another_revision_is_counted_anew() -> None:
    first = after(None, Ended("a1", "rolled_back", cut="stall"), 5.0)
    assert after(first, Ended("b2", "rolled_back", "55P03"), 9.0) == Tries("b2", 1, 0, 9.0)
    assert after(first, Ended("a1", "rolled_back", "55P03"), 9.0) == Tries("a1", 2, 1, 5.0)


def test_maintenance_lifts_the_budget_of_stalls_and_not_the_deadline() -> None:
    policy = GuardPolicy(maintenance="night", retry_deadline=10)
    tries = Tries("a1", 1, 0, 0.0)
    assert pause(tries, "lock", policy, stalled=1e6, now=0, chance=0.5) is not None
    assert pause(tries, "lock", policy, stalled=0, now=11, chance=0.5) is None


@pytest.mark.parametrize(
    ("ended", "cause"),
    [
        (Ended("a1", "rolled_back", "55P03"), "lock"),
        (Ended("a1", "rolled_back", "40P01"), "deadlock"),
        (Ended("a1", "rolled_back", "40001"), "serialization"),
        (Ended("a1", "rolled_back", "57014", cut="stall"), "stall"),
        (Ended("a1", "rolled_back", None, cut="stall"), "stall"),
        (Ended("a1", "rolled_back", "57014", cut="wait"), "wait"),
        (Ended("a1", "rolled_back", None, "OperationalError: database is locked"), "lock"),
        (Ended("a1", "rolled_back", "57014"), None),  # its own statement_timeout
        (Ended("a1", "rolled_back", "55P03", cut="own blocker"), None),
        (Ended("a1", "rolled_back", "42703"), None),
        (Ended("a1", "partial", "55P03"), None),
        (Ended("a1", "unknown", "40P01", cut="stall"), None),
        (Ended("a1", "committed", "55P03"), None),
    ],
)
def test_what_is_worth_another_attempt(ended: Ended, cause: Cause | None) -> None:
    assert cause_of(ended) == cause


@pytest.mark.parametrize("reason", ["stall", "wait", "own blocker"])
def test_a_cut_that_came_too_late_is_no_blame(reason: CutReason) -> None:
    ended = Ended("a1", "rolled_back", cut=reason, withdrawn=True)
    assert cause_of(ended) == "withdrawn"
    assert after(Tries("a1", 1, 1, 0.0), ended, 5.0) == Tries("a1", 2, 1, 0.0)
    assert cause_of(Ended("a1", "partial", cut=reason, withdrawn=True)) is None
