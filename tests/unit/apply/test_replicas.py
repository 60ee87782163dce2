"""How far a standby is behind, from what was written when; and whether two steps are about one table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.apply.replicas import lag, position
from alembic_safe.model.facts import Name
from alembic_safe.model.preflight import PhasedStep


@pytest.mark.parametrize(("replayed", "behind"), [(0, 10.0), (99, 10.0), (100, 5.0), (150, 5.0), (200, 0.0)])
def test_lag_is_the_age_of_the_oldest_wal_that_is_not_replayed(replayed: int, behind: float) -> None:
    assert lag([(0.0, 100), (5.0, 200)], replayed, 10.0) == behind


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(0, 1000))
def test_a_standby_that_has_everything_is_not_behind(written: list[int], replayed: int) -> None:
    samples = [(float(n), lsn) for n, lsn in enumerate(sorted(written))]
    found = lag(samples, replayed, float(len(samples)))
    assert (found == 0) == (replayed >= max(written))
    assert 0 <= found <= len(samples)


def test_positions_are_ordered() -> None:
    assert position("0/FFFFFFFF") < position("1/0") < position("1/1") < position("A/0")


def test_steps_share_a_table() -> None:
    def step(*names: Name) -> PhasedStep:
        return PhasedStep("r", frozenset(names))

    t, public, other = Name("t"), Name("t", "public"), Name("t", "other")
    assert step(t).shares(step(public))
    assert step(t, Name("u")).shares(step(t))
    assert not step(public).shares(step(other))
    assert not step(t).shares(step(Name("u")))
    assert step(t).shares(PhasedStep("unread", None))
