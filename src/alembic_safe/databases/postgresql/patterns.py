"""Names of tables as pg_dump's patterns: many in one, for each pattern is a part of the query that it sends.

A pattern is a regular expression but for what stands in double quotes, and its dot outside them parts schema
and table (psql's documentation, "Patterns"): `"shop".("order"|"Item")`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

_LONGEST = 30_000  # characters of one pattern: the server's regular expressions have a limit
_ALL = 1_000_000  # of all together: the command line has one too


def table_patterns(tables: Iterable[tuple[str, str]], *, utf8: bool = True) -> tuple[str, ...]:
    """Patterns that fit these (schema, name) and nothing else; as many as a command line can take, in order.

    Without `utf8` a name that is not ASCII is left out: it would have to be in the database's encoding.

    >>> table_patterns([("a", "x"), ("b", "y"), ("a", 'q"')])
    ('"a".("q\"\""|"x")', '"b".("y")')
    """
    taken, length = [], 0
    for schema, name in tables:
        if not utf8 and not (schema + name).isascii():
            continue
        length += len(schema) + 2 * len(name) + 8
        if length > _ALL:
            break
        taken.append((schema, name))
    found: list[str] = []
    for schema, group in groupby(sorted(taken), key=lambda pair: pair[0]):
        found += _of_schema(schema, [name for _, name in group])
    return tuple(found)


def _of_schema(schema: str, names: list[str]) -> list[str]:
    patterns: list[str] = []
    chunk: list[str] = []
    length = 0
    for name in names:
        if chunk and length + len(name) > _LONGEST:
            patterns.append(f"{_quoted(schema)}.({'|'.join(chunk)})")
            chunk, length = [], 0
        chunk.append(_quoted(name))
        length += len(name) + 3
    patterns.append(f"{_quoted(schema)}.({'|'.join(chunk)})")
    return patterns


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
