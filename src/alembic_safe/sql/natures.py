"""Whether a statement asks, writes rows or changes the schema, whatever its first word. Pure.

A SELECT may call what writes: `SELECT setval(...)`, `SELECT create_hypertable(...)`, a function of the project's own.
"""

from __future__ import annotations

import re

from alembic_safe.model.facts import Reading
from alembic_safe.model.natures import DATA_WORDS, QUERY_WORDS
from alembic_safe.model.recovery import StatementNature
from alembic_safe.sql.server.functions import volatility_of
from alembic_safe.sql.tongues import tongue

# what is known to do nothing that outlasts its session
_HARMLESS_CALLS = frozenset(
    {"pg_sleep", "pg_sleep_for", "pg_sleep_until", "set_config", "version", "count"}
    | {"pg_terminate_backend", "pg_cancel_backend"}
)
_HARMLESS_PREFIXES = ("pg_advisory_", "pg_try_advisory_")
# no more than the first word is needed of these, which a revision may send by the thousand
_PLAIN = re.compile(r"\s*(show|set|savepoint|release|rollback)\b", re.IGNORECASE)
_ASKING = re.compile(r"[\s(]*(select|values|table|explain|with|/\*|--)", re.IGNORECASE)
_TEXTS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_BEFORE_PARENTHESIS = re.compile(r'([\w."]+)\s*\(')
_NO_CALLS = frozenset(
    [
        "values",
        "in",
        "exists",
        "as",
        "and",
        "or",
        "not",
        "on",
        "select",
        "from",
        "where",
        "with",
        "any",
        "all",
        "some",
        "array",
        "row",
        "coalesce",
        "nullif",
        "case",
        "when",
        "then",
        "else",
        "over",
        "filter",
        "returning",
        "distinct",
        "union",
        "intersect",
        "except",
    ]
)
_NATURES: tuple[StatementNature, ...] = ("query", "definition", "data")


def nature_of(reading: Reading) -> StatementNature:
    """Whether it reads, writes rows or changes the schema. What is not understood may write rows."""
    if not reading.understood:
        return "data"
    first = reading.kind.split()[0] if reading.kind else ""
    if first in DATA_WORDS:
        return "data"
    if first not in QUERY_WORDS:
        return "definition"
    if first == "lock":
        return "query"
    if first == "explain" and "analyze" in reading.flags:  # it executes what it explains
        return max((nature_of(one) for one in reading.inner), key=_NATURES.index, default="data")
    writes = any(o.role in ("written", "created", "altered", "dropped") for o in reading.objects)
    return "data" if writes or calls_what_may_write(reading) else "query"


def calls_what_may_write(reading: Reading) -> bool:
    """Whether it calls a function that is not known to change nothing.

    Of an INSERT no calls are read: there every word before a parenthesis counts that is not known to be harmless.
    """
    called = {action.name or "" for action in reading.actions if action.kind == "call"}
    if reading.kind == "insert":
        tables = {ref.name.name for ref in reading.objects}
        words = _BEFORE_PARENTHESIS.findall(_TEXTS.sub("''", reading.text))
        called |= {word for word in map(str.lower, words) if word.split(".")[-1].strip('"') not in tables}
    return any(_may_write(name) for name in called - _NO_CALLS)


def only_asks(sql: str) -> bool:
    """Whether a statement (or several in one text) of PostgreSQL leaves nothing behind, by all that its text says.

    >>> only_asks("select id from t"), only_asks("select credit(id) from t"), only_asks("update t set a = 1")
    (True, False, False)
    """
    if ";" not in sql and _PLAIN.match(sql):
        return True
    if not _ASKING.match(sql) and not _PLAIN.match(sql):
        return False
    own = tongue("postgresql")
    return all(nature_of(own.read(piece.text)) == "query" for piece in own.split(sql))


def _may_write(function: str) -> bool:
    plain = function.removeprefix("pg_catalog.")
    if plain in _HARMLESS_CALLS or plain.startswith(_HARMLESS_PREFIXES):
        return False
    return volatility_of(plain) not in ("immutable", "stable")
