"""A statement as its words alone: what stands in comments, literals and quoted names is none of them."""

from __future__ import annotations

import re

from alembic_safe.bridge.worker.masking import TOKEN

_EDGE = re.compile(r"/\*|\*/")


def bare(sql: str, *, keep: str = "", bodies: bool = False) -> str:
    """`sql` with each comment as a space, each literal and quoted name empty, but for a literal that is `keep`.

    `bodies`: dollar-quoted text is code that this statement runs (a DO block), so that its words count too.

    >>> bare("ALTER TABLE t /* not /* */ concurrently */ ADD c text DEFAULT 'validate constraint' -- concurrently")
    "ALTER TABLE t   ADD c text DEFAULT ''  "
    >>> bare("do $$ begin perform 1; end $$"), bare("do $$ begin perform 1; end $$", bodies=True)
    ("do ''", 'do  begin perform 1; end ')
    """
    parts, at = [], 0
    while at < len(sql):
        found = TOKEN.match(sql, at)
        assert found is not None  # its last alternative is any character
        text, at = found.group(), found.end()
        if found["comment"] is not None:
            if text.startswith("/*"):
                at = _end_of_comment(sql, found.start())
            text = " "
        elif found["dollar"] is not None:
            tag = len(found["tag"]) + 2
            text = bare(text[tag:-tag], keep=keep, bodies=True) if bodies else "''"
        elif found["string"] is not None:
            text = text if keep and text[1:-1].lower() == keep else "''"
        elif found["quoted"] is not None:
            text = '""'
        parts.append(text)
    return "".join(parts)


def _end_of_comment(sql: str, at: int) -> int:
    """Where the comment that begins at `at` ends; PostgreSQL's nest (sql-syntax-lexical, 4.1.5)."""
    depth = 0
    for edge in _EDGE.finditer(sql, at):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)
