"""A statement as the driver got it, spelled as a rendered one is: `:name` for a bound value, one percent sign."""

from __future__ import annotations

import re

_FORMAT = re.compile(r"%\((\w+)\)s|%%|%s")


def as_rendered(sql: str, *, style: str) -> str:
    """`sql` with its bound values named; `style` is the dialect's paramstyle. Literals stay as they are.

    >>> as_rendered("update t set a = %(a_1)s where b like 'x%%'", style="pyformat")
    "update t set a = :a_1 where b like 'x%'"
    """
    sql = sql.strip()
    if style not in ("pyformat", "format"):
        return sql
    count = iter(range(1, 1 << 20))

    def named(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        return f":{match[1] or f'param_{next(count)}'}"

    return _FORMAT.sub(named, sql)
