"""Forbidden hours: whether a moment lies in them, and when they end. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from alembic_safe.model.preflight import ForbiddenHours


def ends_in(hours: ForbiddenHours, now: datetime) -> float | None:
    """Seconds until the forbidden time that `now` (aware) lies in ends; None outside of it.

    A time over midnight belongs to the day on which it begins. Clock changes count: the end is a local time.
    """
    # a small container may have no time zones at all
    local = now.astimezone(timezone.utc if hours.zone == "UTC" else ZoneInfo(hours.zone))
    over_midnight = hours.end <= hours.begin
    for back in (0, 1) if over_midnight else (0,):
        day = (local - timedelta(days=back)).replace(hour=0, minute=0, second=0, microsecond=0)
        begin = _at(day, hours.begin)
        end = _at(day + timedelta(days=1), hours.end) if over_midnight else _at(day, hours.end)
        if day.weekday() in hours.days and begin <= local < end:
            return end.timestamp() - now.timestamp()
    return None


def _at(day: datetime, minutes: int) -> datetime:
    if minutes == 24 * 60:
        return day + timedelta(days=1)
    return day.replace(hour=minutes // 60, minute=minutes % 60)
