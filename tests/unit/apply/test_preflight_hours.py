"""Forbidden hours: how they are read, and whether a moment lies in them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.apply.preflight.hours import ends_in
from alembic_safe.model.preflight import ForbiddenHours
from alembic_safe.settings.hours import forbidden_hours

MONDAY = datetime(2026, 11, 23, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("09:00-17:30", ForbiddenHours(540, 1050)),
        (
            "Mon-Fri 08:00-20:00 Europe/Berlin",
            ForbiddenHours(480, 1200, frozenset(range(5)), "Europe/Berlin"),
        ),
        ("sat,SUN 00:00-24:00", ForbiddenHours(0, 1440, frozenset({5, 6}))),
        ("Fri-Mon 22:00-06:00", ForbiddenHours(1320, 360, frozenset({4, 5, 6, 0}))),
    ],
)
def test_hours_are_read(text: str, hours: ForbiddenHours) -> None:
    found = forbidden_hours(text)
    assert (found.begin, found.end, found.days, found.zone) == (
        hours.begin,
        hours.end,
        hours.days,
        hours.zone,
    )
    assert found.text == text


@pytest.mark.parametrize(
    "text",
    ["", "9-17", "09:00", "25:00-26:00", "10:61-11:00", "10:00-10:00", "Fry 10:00-11:00", "Mon-Tue-Wed 10:00-11:00",
     "10:00-11:00 Europe/Nowhere", "24:00-01:00", "10:00-11:00 ../../etc/passwd"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        forbidden_hours(text)


@pytest.mark.parametrize(
    ("text", "hour", "left"),
    [
        ("09:00-17:00", 8.99, None),
        ("09:00-17:00", 9, 8.0),
        ("09:00-17:00", 17, None),
        ("22:00-06:00", 23, 7.0),
        ("22:00-06:00", 5, 1.0),
        ("Mon 22:00-06:00", 5, None),  # that began on Sunday
        ("Sun 22:00-06:00", 5, 1.0),
        ("Tue 00:00-24:00", 12, None),
        ("Mon 09:00-17:00 Asia/Tokyo", 0.5, 7.5),
    ],
)
def test_when_they_end(text: str, hour: float, left: float | None) -> None:
    found = ends_in(forbidden_hours(text), MONDAY + timedelta(hours=hour))
    assert found == (None if left is None else pytest.approx(left * 3600))


def test_a_clock_change_within_the_hours_counts() -> None:
    # 25 October 2026, Berlin: 03:00 becomes 02:00, so the night has an hour more
    zone = ZoneInfo("Europe/Berlin")
    evening = datetime(2026, 10, 24, 22, 0, tzinfo=zone)
    assert ends_in(forbidden_hours("22:00-06:00 Europe/Berlin"), evening) == pytest.approx(9 * 3600)


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 7 * 1440 - 1), st.sets(st.integers(0, 6)))
def test_at_the_end_they_are_over(begin: int, end: int, minute: int, days: set[int]) -> None:
    if begin == end:
        return
    hours = ForbiddenHours(begin, end, frozenset(days))
    now = MONDAY + timedelta(minutes=minute)
    left = ends_in(hours, now)
    if left is None:
        return
    assert 0 < left <= 24 * 3600
    after = now + timedelta(seconds=left)
    assert (after.hour * 60 + after.minute) == end
    assert ends_in(hours, after - timedelta(seconds=1)) is not None
