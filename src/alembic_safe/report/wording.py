"""Small phrases that every form for people shares: safe text, durations, sizes, times, heads. Pure."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timezone
from pathlib import Path

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


def clean(text: str) -> str:
    r"""One line of someone else's text, made harmless: what a terminal would obey is shown as an escape.

    Control characters, ANSI sequences, line ends, and characters that reorder or hide text stay readable.

    >>> clean("a\x1b[31mb\nc")
    'a\\x1b[31mb\\nc'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else _escape(c) for c in text)


def clean_lines(text: str) -> list[str]:
    r"""Several lines of someone else's text, each made harmless; tabs become spaces.

    >>> clean_lines("SELECT 1,\n\t2")
    ['SELECT 1,', '    2']
    """
    lines = text.replace("\r\n", "\n").strip("\n").split("\n")
    return [clean(line.expandtabs(4).rstrip()) for line in lines]


def on_one_line(text: str, width: int) -> str:
    """Text with its white space folded, cut to `width` characters."""
    folded = clean(" ".join(text.split()))
    return folded if len(folded) <= width else folded[: max(width - 3, 0)] + "..."


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> [duration(s) for s in (0.0004, 0.35, 1.24, 59.96, 184, 7500, 2e5)]
    ['0.4 ms', '350 ms', '1.2 s', '1 min 0 s', '3 min 4 s', '2 h 5 min', '2 d 7 h']
    """
    seconds = max(seconds, 0.0)
    if seconds < 0.001:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole >= 2 * 86_400:
        return f"{whole // 86_400} d {whole % 86_400 // 3600} h"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def elapsed(seconds: float) -> str:
    """A duration that is still growing: in a unit that does not jump.

    >>> elapsed(0.04), elapsed(184)
    ('0.0 s', '3 min 4 s')
    """
    return f"{max(seconds, 0.0):.1f} s" if seconds < 59.95 else duration(seconds)


def size(count: int) -> str:
    """Bytes as people say them, in decimal units.

    >>> [size(n) for n in (0, 999, 1000, 999_960, 12_345_678)]
    ['0 B', '999 B', '1.0 kB', '1.0 MB', '12.3 MB']
    """
    value = float(count)
    for unit in _SIZES:
        if value < 999.95 or unit == _SIZES[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def moment(when: datetime) -> str:
    """A time in UTC, to the second.

    >>> moment(datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc))
    '2026-03-01 09:30:00'
    """
    return when.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def heads(rows: tuple[str, ...] | None) -> str:
    """Version rows for people.

    >>> heads(None), heads(()), heads(("a", "b"))
    ('no version table', 'base', 'a, b')
    """
    if rows is None:
        return "no version table"
    return ", ".join(clean(row) for row in rows) if rows else "base"


def at(rows: tuple[str, ...] | None) -> str:
    """Where a version table says the target is.

    >>> at(None), at(("a",))
    ('without a version table', 'at a')
    """
    return "without a version table" if rows is None else f"at {heads(rows)}"


def age(seconds: float) -> str:
    """How old something is; its seconds matter to nobody.

    >>> age(0.03), age(184)
    ('less than a minute', '3 min 4 s')
    """
    return "less than a minute" if seconds < 60 else duration(seconds)


def count(number: int, what: str) -> str:
    """
    >>> count(1, "revision"), count(2, "revision")
    ('1 revision', '2 revisions')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def near(path: str, base: Path | None) -> str:
    """A path for people: relative where it lies below `base`.

    >>> near("/srv/app/versions/a.py", Path("/srv/app"))
    'versions/a.py'
    """
    if base is not None and Path(path).is_relative_to(base):
        path = str(Path(path).relative_to(base))
    return clean(path)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
