"""The first words of statements that change no definition: those that only ask, and those that write rows.

Worker and recovery must agree on them: what a resumed revision may leave out is decided by both. Pure.
"""

from __future__ import annotations

import re

QUERY_WORDS = frozenset(
    {
        "select",
        "show",
        "set",
        "explain",
        "savepoint",
        "release",
        "rollback",
        "begin",
        "start",
        "commit",
        "end",
    }
    | {"values", "reset", "table", "listen", "notify", "pragma", "lock", "abort", "declare", "fetch", "close"}
    | {"deallocate", "prepare", "discard"}
)
DATA_WORDS = frozenset(
    {"insert", "update", "delete", "merge", "copy", "truncate", "call", "do", "execute", "with", "replace"}
)
_FIRST = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(\w+)", re.DOTALL)


def changes_definitions(sql: str) -> bool:
    """Whether the statement begins as one that changes the schema.

    >>> changes_definitions("-- why\\nCREATE INDEX ix ON t (a)"), changes_definitions("insert into t values (1)")
    (True, False)
    """
    found = _FIRST.match(sql)
    word = found[1].lower() if found else ""
    return bool(word) and word not in QUERY_WORDS and word not in DATA_WORDS
