"""How long a revision waited for locks: summed, and no moment twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.apply.guard.meter import WaitMeter


def test_waits_one_after_the_other_are_summed() -> None:
    meter = WaitMeter()
    meter.waits(1.0)
    meter.waits(1.5)  # the next in the way, before the first wait was seen to end
    meter.ended(2.0)
    assert meter.total == 1.0
    meter.waits(1.8)  # seen late: part of it is counted already
    meter.ended(3.0)
    meter.ended(4.0)
    assert meter.total == 2.0
    meter.begin_step(4.0)
    meter.waits(3.0)
    meter.ended(4.5)
    assert meter.total == 0.5


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 10), st.floats(0, 5)), max_size=30))
def test_the_sum_is_never_more_than_the_time(seen: list[tuple[bool, float, float]]) -> None:
    """Each: whether a wait is seen (or its end), after how many seconds, and for how long it has lasted."""
    meter, now = WaitMeter(), 0.0
    meter.begin_step(now)
    for waits, later, lasted in seen:
        now += later
        if waits:
            meter.waits(now - lasted)
        else:
            meter.ended(now)
    meter.ended(now)
    assert 0 <= meter.total <= now + 1e-9
