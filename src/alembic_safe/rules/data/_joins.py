"""Whether a change is joined to a query that gives few rows."""

from __future__ import annotations

import re

# in a text whose brackets are blank inside: `few AS ( )` of a WITH, and `( ) AS few` of FROM or USING
_WITH = re.compile(
    r'"?(?P<name>\w+)"?\s+as\s+(?:(?:not\s+)?materialized\s+)?\((?P<inside>\s*)\)', re.IGNORECASE
)
_FROM = re.compile(r'\((?P<inside>\s*)\)\s*(?:as\s+)?"?(?P<name>\w+)"?', re.IGNORECASE)


def joined_to_few(text: str, head: str, condition: str, limit: str) -> bool:
    """Whether each changed row has to equal one of a query with LIMIT.

    `WITH few AS (SELECT id ... LIMIT 500) UPDATE t ... FROM few WHERE t.id = few.id`. `head` is the text up to the
    WHERE, its brackets blank; `condition` what comes behind; `limit` what may stand there as a number.
    """
    for found in (*_WITH.finditer(head), *_FROM.finditer(head)):
        name = re.escape(found["name"])
        inside = text[found.start("inside") : found.end("inside")]
        few = re.search(rf"\blimit\s+{limit}\s*(?:for\b|offset\b|$)", inside.strip(), re.IGNORECASE)
        equal = re.search(
            rf'=\s*"?{name}"?\s*\.|(?<![\w.])"?{name}"?\s*\.\s*"?\w+"?\s*=', condition, re.IGNORECASE
        )
        if few and equal:
            return True
    return False
