"""Text to forbidden hours: `[DAYS] HH:MM-HH:MM [ZONE]`. Pure but for the zones' own files; raises ValueError."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from alembic_safe.model.preflight import ForbiddenHours

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(
    r"(?:(?P<days>[A-Za-z]{3}(?:[-,][A-Za-z]{3})*)\s+)?"
    r"(?P<begin>\d{2}:\d{2})\s*-\s*(?P<end>\d{2}:\d{2})(?:\s+(?P<zone>[A-Za-z][\w+/-]*))?",
    re.ASCII,
)


def forbidden_hours(text: str) -> ForbiddenHours:
    """The hours that `text` names. Days are `Mon-Fri` or `Sat,Sun`; without them, every day.

    >>> forbidden_hours("Fri 16:00-24:00").begin
    960
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is not HH:MM-HH:MM, with days before (Mon-Fri) and a zone after where wanted"
        )
    zone = match["zone"] or "UTC"
    begin, end = _minutes(match["begin"], text), _minutes(match["end"], text)
    if begin == end or begin == 24 * 60:
        raise ValueError(f"{text!r} has no length")
    try:
        if zone != "UTC":
            ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{text!r}: there is no time zone {zone!r} on this machine") from None
    return ForbiddenHours(begin, end, _days(match["days"], text), zone, text.strip())


def _minutes(clock: str, text: str) -> int:
    hours, minutes = int(clock[:2]), int(clock[3:])
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        raise ValueError(f"{text!r}: there is no time {clock}")
    return hours * 60 + minutes


def _days(words: str | None, text: str) -> frozenset[int]:
    if words is None:
        return frozenset(range(7))
    found: set[int] = set()
    for item in words.split(","):
        numbers = [_DAYS.index(word) if word in _DAYS else None for word in item.lower().split("-")]
        if None in numbers or len(numbers) > 2:
            raise ValueError(f"{text!r}: {item!r} are no days such as Mon or Mon-Fri")
        first, last = numbers[0] or 0, numbers[-1] or 0
        found.update((first + n) % 7 for n in range((last - first) % 7 + 1))
    return frozenset(found)
