"""One raw value to one checked value, by the option's kind. Pure; raises ValueError with a phrase.

The phrase completes a sentence that begins with where the value was given ("`--wait`: ..."). A phrase about
a secret option never repeats its value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from alembic_safe.settings.hours import forbidden_hours
from alembic_safe.settings.options import Option

_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*(ms|s|m|h|d)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*(B|kB|MB|GB|TB)?", re.ASCII | re.IGNORECASE)
_SIZES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_INTEGER = re.compile(r"[+-]?\d{1,12}", re.ASCII)
_COMPRESSION = re.compile(r"(gzip|zstd)(?::(\d{1,2}))?|none", re.ASCII)
_RULE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_LEVELS = {"gzip": 9, "zstd": 22}
LEVELS = ("refuse", "warn", "off")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


def parse_duration(raw: object, option: Option | None = None) -> float:
    """Seconds from "500ms", "5s", "10m", "1h", "2d", or a number of seconds.

    >>> parse_duration("10m"), parse_duration("500ms"), parse_duration(3)
    (600.0, 0.5, 3.0)
    """
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        seconds = float(raw)
    else:
        match = _DURATION.fullmatch(_string(raw).strip())
        if match is None:
            raise ValueError(f"{raw!r} is not a duration (such as 500ms, 5s, 10m, 1h, 2d, or seconds)")
        seconds = float(match[1]) * _UNITS[match[2] or "s"]
    _check_range(seconds, raw, option, " s")
    return seconds


def parse_integer(raw: object, option: Option | None = None) -> int:
    """A whole number; text only of ASCII digits."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        number = raw
    elif isinstance(raw, str) and _INTEGER.fullmatch(raw.strip()):
        number = int(raw)
    else:
        raise ValueError(f"{raw!r} is not a whole number")
    _check_range(number, raw, option, "")
    return number


def parse_switch(raw: object, option: Option | None = None) -> bool:
    """True or false, as TOML or as a variable says it."""
    if isinstance(raw, bool):
        return raw
    word = _string(raw).strip().lower()
    if word not in _TRUE + _FALSE:
        raise ValueError(f"{raw!r} is neither true nor false")
    return word in _TRUE


def parse_text(raw: object, option: Option | None = None) -> str:
    """One line of text that is not blank and holds no control character."""
    text = _string(raw)
    if not text.strip():
        raise ValueError("a value is needed, not blank text")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("the value holds a control character")
    return text


def parse_reason(raw: object, option: Option | None = None) -> str:
    """Why; for whoever reads the journal later."""
    if not _string(raw).strip():
        raise ValueError("a reason is needed: it is written to the journal")
    return parse_text(raw).strip()


def parse_choice(raw: object, option: Option) -> str:
    """One of the option's choices."""
    if raw not in option.every_choice:
        raise ValueError(f"{raw!r} is not one of {', '.join(option.every_choice)}")
    return str(raw)


def parse_compression(raw: object, option: Option | None = None) -> str:
    """gzip, gzip:1 to gzip:9, zstd, zstd:1 to zstd:22, or none; returned as written."""
    text = _string(raw).strip()
    match = _COMPRESSION.fullmatch(text)
    if match is None:
        raise ValueError(f"{raw!r} is not gzip, gzip:LEVEL, zstd, zstd:LEVEL or none")
    if match[2] is not None and not 1 <= int(match[2]) <= _LEVELS[match[1]]:
        raise ValueError(f"{raw!r}: the level of {match[1]} is from 1 to {_LEVELS[match[1]]}")
    return text


def parse_journal(raw: object, option: Option | None = None) -> str:
    """`target` or file:PATH; returned as written."""
    text = _string(raw)
    if text != "target" and not (text.startswith("file:") and text.removeprefix("file:").strip()):
        raise ValueError(f"{raw!r} is neither `target` nor file:PATH")
    return text


def parse_connection(raw: object, option: Option | None = None) -> str:
    """Text that is looked at later, where its place is known; never repeated in a message."""
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("env:NAME, file:PATH or service=NAME is needed")
    return raw.strip()


def parse_scratch(raw: object, option: Option | None = None) -> str:
    """`auto`, `off`, or a connection; returned as written."""
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("auto, off, env:NAME, file:PATH or service=NAME is needed")
    return raw.strip()


def parse_rehearsal(raw: object, option: Option | None = None) -> str:
    """`backup`, backup:ID, `schema`, `base`, or a connection; returned as written."""
    if not isinstance(raw, str) or not raw.strip() or raw.strip() == "backup:":
        raise ValueError("backup, backup:ID, schema, base, env:NAME, file:PATH or service=NAME is needed")
    return raw.strip()


def parse_size(raw: object, option: Option | None = None) -> int:
    """Bytes from "500MB", "5GB" (decimal units), or a number of bytes.

    >>> parse_size("1.5GB"), parse_size("20 kB"), parse_size(0)
    (1500000000, 20000, 0)
    """
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return raw
    match = _SIZE.fullmatch(_string(raw).strip()) if isinstance(raw, str) else None
    if match is None:
        raise ValueError(f"{raw!r} is not a size (such as 500MB, 5GB, or bytes)")
    return round(float(match[1]) * _SIZES[(match[2] or "B").lower()])


def parse_allowance(raw: object, option: Option | None = None) -> str:
    """RULE=REASON, both with something in them; returned without blanks around the two."""
    rule, equals, reason = parse_text(raw).partition("=")
    if not equals or not _RULE.fullmatch(rule.strip()):
        raise ValueError(f"{raw!r} is not RULE=REASON")
    if not reason.strip():
        raise ValueError(f"a reason is needed: {rule.strip()}=REASON")
    return f"{rule.strip()}={reason.strip()}"


def parse_level(raw: object, option: Option | None = None) -> str:
    """NAME=refuse, NAME=warn or NAME=off; returned without blanks around the two."""
    name, equals, level = parse_text(raw).partition("=")
    if not equals or not _RULE.fullmatch(name.strip()) or level.strip() not in LEVELS:
        raise ValueError(f"{raw!r} is not NAME=refuse, NAME=warn or NAME=off")
    return f"{name.strip()}={level.strip()}"


def parse_hours(raw: object, option: Option | None = None) -> str:
    """`[DAYS] HH:MM-HH:MM [ZONE]`; returned as written, for `hours.forbidden_hours` to read again."""
    text = parse_text(raw).strip()
    forbidden_hours(text)
    return text


def parse_url(raw: object, option: Option | None = None) -> str:
    """The URL of a store, without a password in it."""
    text = parse_text(raw).strip()
    scheme, colon, rest = text.partition("://")
    if not colon or not scheme:
        raise ValueError("the value is not a URL such as s3://bucket/folder")
    authority = rest.partition("/")[0]
    if "@" in authority and ":" in authority.partition("@")[0]:
        raise ValueError(
            "a password may not stand in the URL, where others can read it: the store's own profiles and"
            " variables hold it"
        )
    return text.rstrip("/")


PARSERS: dict[str, Callable[..., object]] = {
    "text": parse_text,
    "reason": parse_reason,
    "path": parse_text,
    "duration": parse_duration,
    "integer": parse_integer,
    "choice": parse_choice,
    "switch": parse_switch,
    "compression": parse_compression,
    "journal": parse_journal,
    "connection": parse_connection,
    "scratch": parse_scratch,
    "rehearsal": parse_rehearsal,
    "allowance": parse_allowance,
    "level": parse_level,
    "hours": parse_hours,
    "url": parse_url,
    "size": parse_size,
}


def parse(raw: object, option: Option) -> object:
    """The checked value of an option; a tuple of them for one that may be given several times."""
    parser = PARSERS[option.kind]
    if not option.repeatable:
        return parser(raw, option)
    items: Sequence[object] = raw if isinstance(raw, (list, tuple)) else (raw,)
    if not items:
        raise ValueError("at least one value is needed")
    return tuple(parser(item, option) for item in items)


def _string(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"{raw!r} is not text: put it in quotes")
    return raw


def _check_range(number: float, raw: object, option: Option | None, unit: str) -> None:
    minimum = option.minimum if option else 0
    maximum = option.maximum if option else None
    # Written so that a NaN, which TOML can express, is out of every range.
    if minimum is not None and not number >= minimum:
        raise ValueError(f"{raw!r} is below the least allowed, {minimum:g}{unit}")
    if maximum is not None and not number <= maximum:
        raise ValueError(f"{raw!r} is above the most allowed, {maximum:g}{unit}")
