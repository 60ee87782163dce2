"""Looks at an expression's tokens: which functions it calls and how volatile it is at worst."""

from __future__ import annotations

from alembic_safe.model.facts import Expression, Volatility
from alembic_safe.sql.cursor import NUMBER, QUOTED, STRING, Cursor
from alembic_safe.sql.server.functions import volatility_of
from alembic_safe.sql.words import words

# Words that may stand before "(" without being a function.
NOT_FUNCTIONS = words(
    "and or not in any all some exists between like ilike similar to is then else when case on using values "
    "row array cast treat coalesce nullif greatest least overlay position substring trim extract collation "
    "for from as over filter within where by exclude interval time timestamp numeric decimal dec varchar "
    "char character bit varying float select distinct union intersect except limit offset having window "
    "returning"
)
# SQL's functions without parentheses; all are evaluated once for a statement (docs: Date/Time Functions).
_STABLE_WORDS = words(
    "current_date current_time current_timestamp localtime localtimestamp current_user session_user user "
    "current_role current_catalog current_schema system_user"
)
_RANK: dict[Volatility, int] = {"constant": 0, "immutable": 1, "stable": 2, "unknown": 3, "volatile": 4}


def worst(one: Volatility, other: Volatility) -> Volatility:
    """The one that has to be reckoned with; an unknown function outranks a stable one."""
    return one if _RANK[one] >= _RANK[other] else other


def look_at(cursor: Cursor, start: int, end: int) -> Expression:
    """The expression of tokens `start` to `end` (exclusive)."""
    functions: list[str] = []
    volatility: Volatility = "constant"
    keys = cursor.keys
    for index in range(start, end):
        key = keys[index]
        if key == QUOTED or (key and (key[0].isalpha() or key[0] == "_")):
            if keys[index + 1] == "(" and index + 1 < end and key not in NOT_FUNCTIONS:
                name, qualified = _function_name(cursor, index, start)
                functions.append(name)
                volatility = worst(volatility, volatility_of(name, builtin=not qualified))
            elif key in _STABLE_WORDS:
                volatility = worst(volatility, "stable")
            elif key == "select":
                volatility = worst(volatility, "unknown")
        elif key not in (STRING, NUMBER):
            volatility = worst(volatility, "immutable" if key not in "():[]-+.," else volatility)
    return Expression(cursor.slice(start, end), tuple(functions), volatility)


def _function_name(cursor: Cursor, index: int, start: int) -> tuple[str, bool]:
    """(name, whether another schema than pg_catalog is written before it)."""
    at, cursor.i = cursor.i, index
    name = cursor.identifier()
    schema = ""
    if index - 2 >= start and cursor.keys[index - 1] == ".":
        cursor.i = index - 2
        schema = cursor.identifier()
    cursor.i = at
    return name, schema not in ("", "pg_catalog")
