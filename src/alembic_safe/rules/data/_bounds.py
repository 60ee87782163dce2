"""Whether the WHERE of a change keeps it to few rows."""

from __future__ import annotations

import re

from alembic_safe.model.facts import Name, Reading
from alembic_safe.rules.data._joins import joined_to_few
from alembic_safe.rules.looking import key_columns
from alembic_safe.rules.place import Place

_LITERAL = re.compile(r"'(?:[^']|'')*'")
_VARIABLE = r"(?:''|\w+)"
_VALUE = r"(?:''|\d[\d.]*|:\w+|%\(\w+\)s|\$\d+|\?|%s)"


def bounded(place: Place, reading: Reading, table: Name) -> bool | None:
    """True: few rows for certain. False: possibly all. None: by equality on a column of unknown uniqueness."""
    if "loop" in reading.flags:
        return False  # each run of it may be a batch, and all of them are in one transaction
    # a loop that commits each time changes as much at once as its variables say
    value = _VARIABLE if "batched" in reading.flags else _VALUE
    text = _LITERAL.sub("''", reading.text)
    if reading.kind == "insert" and _of_values(text):
        return True  # SELECT of values alone, whatever its WHERE asks
    top = _blank(text, every=True)
    where = re.search(r"\bwhere\b", top, re.IGNORECASE)
    if where is None:
        return False
    condition = text[where.end() :]
    if re.search(r"\blimit\s+" + value, condition, re.IGNORECASE):
        return True
    scalar = _equal_to_one(condition, table)
    condition = _blank(condition)
    if re.search(r"\bor\b", condition, re.IGNORECASE):
        return False
    if _batch(condition, value) or joined_to_few(text, top[: where.start()], condition, value):
        return True
    equal = {m.lower() for m in re.findall(rf'(?:\w+\.)?"?(\w+)"?\s*=\s*{_VALUE}', condition)}
    equal |= {
        m.lower() for m in re.findall(rf'(?:\w+\.)?"?(\w+)"?\s+in\s*\(\s*{_VALUE}', condition, re.IGNORECASE)
    }
    equal |= scalar
    if not equal:
        return False
    keys = key_columns(place, table)
    if any(set(key) <= equal for key in keys) or (not keys and "id" in equal):
        return True
    known = place.table(table)
    return False if known is not None and known.complete else None


def _equal_to_one(condition: str, table: Name) -> set[str]:
    """Columns that equal a scalar subquery, which gives one value unless it depends on the row."""
    blank = _blank(condition)
    found = set[str]()
    for match in re.finditer(r'(?:\w+\.)?"?(\w+)"?\s*=\s*\(\s*\)', blank):
        inside = condition[match.start() : match.end()]
        if not re.search(rf"\b{re.escape(table.name)}\.", inside, re.IGNORECASE):
            found.add(match.group(1).lower())
    return found


def batch_of(reading: Reading) -> str:
    """What batches of one change have in common: the text without its values; "" where it is none of a batch.

    Each of them is bounded by a range or a LIMIT, and all together need not be.
    """
    text = _LITERAL.sub("''", reading.text)
    where = re.search(r"\bwhere\b", _blank(text, every=True), re.IGNORECASE)
    condition = text[where.end() :] if where is not None else ""
    limited = re.search(r"\blimit\s+" + _VALUE, condition, re.IGNORECASE)
    if limited is None and not _batch(_blank(condition), _VALUE):
        return ""
    return " ".join(re.sub(r"''|\b\d[\d.]*", "?", text).lower().split())


_FROM = re.compile(r"\bfrom\b|\btable\s+[\w\"]", re.IGNORECASE)
_QUERY = re.compile(r"\s*(\(|select\b|with\b|table\b|values\s*\()", re.IGNORECASE)
# what stands before a query in brackets whose rows are inserted: the table or its columns, or a set operation
_BEFORE = re.compile(
    r"(^|\b(union|intersect|except)(\s+(all|distinct))?|"
    r"\binsert\s+into\s+[\w.\"]+(\s+as\s+\w+)?(\s*\(\s*\))?(\s*overriding\s+\w+\s+value)?)\s*$",
    re.IGNORECASE,
)


def _of_values(text: str) -> bool:
    """Whether the rows of an INSERT, or of a query, come of no table: those in its conditions do not count."""
    top = _blank(text, every=True)
    if _FROM.search(top):
        return False
    queries = [
        text[m.start() + 1 : m.end() - 1]
        for m in re.finditer(r"\(\s*\)", top)
        if _BEFORE.search(top[: m.start()])
    ]
    return all(_of_values(query) for query in queries if _QUERY.match(query))


def _blank(text: str, *, every: bool = False) -> str:
    """The text with subqueries in brackets (`every`: all that is in brackets) made blank, at its old length."""
    kept, opened = list(text), list[int]()
    for at, char in enumerate(text):
        if char == "(":
            opened.append(at)
        elif char == ")" and opened:
            first = opened.pop()
            inside = text[first + 1 : at]
            if every or re.match(r"\s*(select|with|values)\b", inside, re.IGNORECASE):
                kept[first + 1 : at] = " " * (at - first - 1)
    return "".join(kept)


def _batch(condition: str, value: str) -> bool:
    """A range with both ends, as a batch by key has."""
    between = re.search(rf"\bbetween\s+{value}\s+and\s+{value}", condition, re.IGNORECASE)
    low = re.search(rf'"?(\w+)"?\s*>=?\s*{value}', condition)
    high = re.search(rf'"?(\w+)"?\s*<=?\s*{value}', condition)
    both = low is not None and high is not None and low.group(1) == high.group(1)
    return between is not None or both
