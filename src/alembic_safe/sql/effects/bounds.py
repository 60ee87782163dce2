"""Whether the CHECKs of a table prove a partition's bound, as far as both are plain comparisons of one column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from alembic_safe.quick import dataclass

_VALUE = r"(?:(?:date|timestamp|timestamptz)\s+)?('(?:[^']|'')*'|-?\d+(?:\.\d+)?)(?:::[\w ]+(?:\(\d+\))?)?"
_COMPARES = re.compile(rf"(\w+)\s*(>=|<=|=|>|<)\s*{_VALUE}", re.IGNORECASE)
_BETWEEN = re.compile(rf"(\w+)\s+between\s+{_VALUE}\s+and\s+{_VALUE}", re.IGNORECASE)
_LISTED = re.compile(r"(\w+)\s+in\s*\((.*)\)", re.IGNORECASE)
_IS_NOT_NULL = re.compile(r"(\w+)\s+is\s+not\s+null", re.IGNORECASE)
_RANGE = re.compile(rf"from\s*\(\s*{_VALUE}\s*\)\s*to\s*\(\s*{_VALUE}\s*\)", re.IGNORECASE)
_IN = re.compile(r"in\s*\((.*)\)", re.IGNORECASE)
_VALUES = re.compile(rf"\s*{_VALUE}\s*(?:,|$)", re.IGNORECASE)

_Value = Decimal | str


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What checks leave to a column: from `low` to `high` (None: no end), or one of `listed`."""

    low: _Value | None = None
    high: _Value | None = None
    high_belongs: bool = True
    listed: frozenset[_Value] | None = None


def may_prove(bound: str, column: str, checks: Iterable[str]) -> bool:
    """False where the checks certainly allow what the bound does not; True where they may prove it.

    `bound` as written behind FOR VALUES, of one `column`; whatever is no plain comparison may prove anything.
    """
    allowed = _Allowed()
    for part in (part for check in checks for part in _parts(check)):
        if not re.search(rf"\b{re.escape(column)}\b", part):
            continue
        narrowed = _narrowed(allowed, part, column)
        if narrowed is None:
            return True
        allowed = narrowed
    span = _RANGE.fullmatch(bound.strip())
    if span is not None:
        return _within(allowed, _value(span.group(1)), _value(span.group(2)))
    among = _IN.fullmatch(bound.strip())
    values = _list(among.group(1)) if among is not None else None
    return values is None or (allowed.listed is not None and allowed.listed <= values)


def _within(allowed: _Allowed, low: _Value, high: _Value) -> bool:
    if allowed.listed is not None:
        return all(not _less(one, low) and _less(one, high) is not False for one in allowed.listed)
    if allowed.low is None or allowed.high is None:
        return False
    above = _less(high, allowed.high) or (allowed.high_belongs and allowed.high == high)
    return not _less(allowed.low, low) and not above


def _narrowed(allowed: _Allowed, part: str, column: str) -> _Allowed | None:
    """With one more condition; None where it is not understood."""
    if (found := _IS_NOT_NULL.fullmatch(part)) and found.group(1) == column:
        return allowed
    if (found := _BETWEEN.fullmatch(part)) and found.group(1) == column:
        return _Allowed(_value(found.group(2)), _value(found.group(3)), True, allowed.listed)
    if (found := _LISTED.fullmatch(part)) and found.group(1) == column:
        listed = _list(found.group(2))
        return None if listed is None else _Allowed(allowed.low, allowed.high, allowed.high_belongs, listed)
    found = _COMPARES.fullmatch(part)
    if found is None or found.group(1) != column:
        return None
    value, sign = _value(found.group(3)), found.group(2)
    if sign == "=":
        return _Allowed(allowed.low, allowed.high, allowed.high_belongs, frozenset({value}))
    if sign in (">", ">="):
        return _Allowed(value, allowed.high, allowed.high_belongs, allowed.listed)
    return _Allowed(allowed.low, value, sign == "<=", allowed.listed)


def _parts(check: str) -> Iterator[str]:
    """The conditions that AND joins; one with OR, or in brackets with AND, stays whole."""
    text = check.strip()
    while text.startswith("(") and _closes(text) == len(text) - 1:
        text = text[1:-1].strip()
    if re.search(r"\bor\b", text, re.IGNORECASE):
        yield text
        return
    at = 0
    for one in re.finditer(r"\band\b", text, re.IGNORECASE):
        piece = text[at : one.start()]
        if piece.count("(") != piece.count(")") or re.search(r"\bbetween\b(?!.*\band\b)", piece, re.I | re.S):
            continue
        at = one.end()
        yield from _parts(piece) if piece.strip().startswith("(") else (piece.strip(),)
    last = text[at:].strip()
    yield from _parts(last) if last.startswith("(") and last != check.strip() else (last,)


def _closes(text: str) -> int:
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return at
    return -1


def _list(text: str) -> frozenset[_Value] | None:
    found, at = set[_Value](), 0
    while at < len(text):
        one = _VALUES.match(text, at)
        if one is None:
            return None
        found.add(_value(one.group(1)))
        at = one.end()
    return frozenset(found)


def _value(text: str) -> _Value:
    return text[1:-1].replace("''", "'") if text.startswith("'") else Decimal(text)


def _less(one: _Value, other: _Value) -> bool | None:
    """Dates as written, year first, compare as texts; None for what does not compare."""
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one < other
    if isinstance(one, str) and isinstance(other, str) and _dated(one) and _dated(other):
        return one < other
    return None


def _dated(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?", text) is not None
