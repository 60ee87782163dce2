"""Whether the server writes through a view by itself."""

from __future__ import annotations

import re

from alembic_safe.model.facts import Reading

_NOT_SIMPLE = re.compile(
    r"\b(distinct|group\s+by|having|limit|offset|fetch|union|intersect|except|join|over"
    r"|(?:count|sum|avg|min|max|array_agg|string_agg|jsonb?_agg|bool_and|bool_or)\s*\()",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")


def takes_writes(view: Reading) -> bool:
    """Whether CREATE VIEW makes one that is automatically updatable (docs: CREATE VIEW, Updatable Views).

    Each of its subqueries in brackets may be anything.
    """
    text = _outer(_QUOTED.sub("x", view.text))
    query = re.search(r"\bas\s*(?:\(\s*)?(?=select\b|with\b|table\b|values\b|\s*$)", text, re.IGNORECASE)
    body = text[query.end() :] if query is not None else text
    if re.match(r"\s*(with|values)\b", body, re.IGNORECASE) or _NOT_SIMPLE.search(body):
        return False
    tables = re.search(r"\bfrom\b(.*?)(?:\bwhere\b|\border\b|$)", body, re.IGNORECASE | re.DOTALL)
    return tables is None or "," not in tables.group(1)


def _outer(text: str) -> str:
    """The text without the subqueries in brackets."""
    kept, opened = list(text), list[int]()
    for at, char in enumerate(text):
        if char == "(":
            opened.append(at)
        elif char == ")" and opened:
            first = opened.pop()
            if opened or re.match(r"\s*(select|with|values)\b", text[first + 1 : at], re.IGNORECASE):
                kept[first + 1 : at] = " " * (at - first - 1)
    return "".join(kept)
