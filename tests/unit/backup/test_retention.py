"""Retention: whatever the backups are, what must stay stays."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.backup.retention import Kept, decide
from alembic_safe.model.policies import RetentionPolicy

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
_policies = st.builds(RetentionPolicy, st.integers(0, 8), st.integers(0, 5), st.integers(0, 13))
_backups = st.lists(
    st.builds(
        lambda hours, *rest: (NOW - timedelta(hours=hours), *rest),
        st.integers(0, 24 * 500),
        st.sampled_from(["a", "b"]),
        st.booleans() | st.just(True),
        st.booleans() | st.just(True),
        st.booleans() | st.just(False),
    ),
    max_size=60,
).map(lambda found: [Kept(f"{n:03}", of, at, *rest) for n, (at, of, *rest) in enumerate(found)])


def kept(backups, policy, needed=None):
    return {decision.id for decision in decide(backups, policy, needed) if decision.keep}


@given(_backups, _policies)
def test_the_last_good_one_of_each_database_stays(backups, policy):
    stays = kept(backups, policy)
    for of in ("a", "b"):
        good = sorted((b for b in backups if b.of == of and b.good), key=lambda b: (b.at, b.id))
        whole = [b for b in good if b.replaces]
        proven = [b for b in whole if b.proven] or [b for b in good if b.proven]
        assert not proven or proven[-1].id in stays
        assert not good or good[-1].id in stays
        assert not whole or whole[-1].id in stays


@given(_backups, _policies, st.data())
def test_what_a_run_needs_stays(backups, policy, data):
    needed = {b.id: "run 1 needs it" for b in backups if data.draw(st.booleans())}
    assert set(needed) <= kept(backups, policy, needed)


@given(_backups, _policies)
def test_what_is_kept_is_kept_again(backups, policy):
    stays = kept(backups, policy)
    assert kept([b for b in backups if b.id in stays], policy) == stays


@given(_backups, _policies, st.randoms())
def test_the_order_does_not_matter_and_each_is_decided_once(backups, policy, random):
    decisions = decide(backups, policy)
    assert sorted(d.id for d in decisions) == sorted(b.id for b in backups)
    shuffled = list(backups)
    random.shuffle(shuffled)
    assert decide(shuffled, policy) == decisions


@given(_backups, _policies)
def test_a_larger_policy_keeps_no_less(backups, policy):
    larger = RetentionPolicy(policy.daily + 1, policy.weekly + 1, policy.monthly + 1)
    assert kept(backups, policy) <= kept(backups, larger)


@given(_backups, _policies)
def test_not_more_than_asked_for(backups, policy):
    for of in ("a", "b"):
        good = [b for b in backups if b.of == of and b.good]
        stays = kept(good, policy)
        whole = {b.id for b in good if b.replaces}
        asked = policy.daily + policy.weekly + policy.monthly
        assert len(stays & whole) <= asked + 2
        assert len(stays - whole) <= asked + 2


@given(_backups, _policies)
def test_one_database_does_not_count_for_another(backups, policy):
    together = kept(backups, policy)
    apart = kept([b for b in backups if b.of == "a"], policy) | kept(
        [b for b in backups if b.of == "b"], policy
    )
    assert together == apart


def test_days_weeks_and_months_that_have_any():
    daily = [Kept(f"d{n:03}", "a", NOW - timedelta(days=n)) for n in range(400)]
    stays = kept(daily, RetentionPolicy(7, 4, 12))
    assert {f"d{n:03}" for n in range(7)} <= stays
    assert 7 + 2 + 10 <= len(stays) <= 7 + 4 + 12
    months = {(b.at.year, b.at.month) for b in daily if b.id in stays}
    assert len(months) == 12
    # the last day of October stands for it
    assert next(b.id for b in daily if b.at.date().isoformat() == "2026-10-31") in stays
    # after a year without backups nothing of the old ones goes
    old = [Kept(f"o{n}", "a", NOW - timedelta(days=400 + n)) for n in range(7)]
    assert kept(old, RetentionPolicy(7, 0, 0)) == {b.id for b in old}


def test_one_that_is_not_good_goes_when_a_good_one_is_newer():
    bad, newer = Kept("bad", "a", NOW, good=False), Kept("good", "a", NOW + timedelta(hours=1))
    assert kept([bad], RetentionPolicy()) == {"bad"}
    assert kept([bad, newer], RetentionPolicy()) == {"good"}


def test_a_part_of_the_database_does_not_push_out_the_last_whole_one():
    whole = Kept("whole", "a", NOW - timedelta(days=300))
    parts = [Kept(f"p{n}", "a", NOW - timedelta(days=n), replaces=False) for n in range(30)]
    assert "whole" in kept([whole, *parts], RetentionPolicy(1, 0, 0))


@given(_backups, _policies)
def test_parts_of_the_database_push_out_no_whole_one(backups, policy):
    whole = [b for b in backups if b.replaces]
    stays = kept(backups, policy)
    good = {b.id for b in whole if b.good}
    assert kept(whole, policy) & good <= stays


def test_the_whole_one_of_a_day_stays_beside_a_newer_part():
    days = [NOW - timedelta(days=n) for n in range(20)]
    whole = [Kept(f"w{n:02}", "a", at) for n, at in enumerate(days)]
    parts = [Kept(f"p{n:02}", "a", at + timedelta(hours=1), replaces=False) for n, at in enumerate(days)]
    stays = kept([*whole, *parts], RetentionPolicy(7, 4, 12))
    assert stays == kept(whole, RetentionPolicy(7, 4, 12)) | {"p00"}
