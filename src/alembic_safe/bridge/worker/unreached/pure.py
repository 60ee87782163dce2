"""Which calls may be made to compose a statement, and where a value that is not known may stand in one.

Only what SQLAlchemy makes expressions with is called, and never what reaches a database: nothing of the project's.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, EnumMeta
from inspect import getattr_static
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ClauseElement, ColumnElement
from sqlalchemy.types import TypeEngine

OPERATORS: Mapping[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
SIGNS: Mapping[type, Callable[[Any], Any]] = {
    ast.Invert: operator.invert,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}


class NotKnownError(Exception):
    """What a statement consists of depends on something that is not known here; `rows`: that may be of rows."""

    def __init__(self, message: str, *, rows: bool = True) -> None:
        super().__init__(message)
        self.rows = rows


class Open:
    """A value that is not known; `rows`: it was, or may have been, read from rows."""

    __slots__ = ("rows",)

    def __init__(self, rows: bool) -> None:
        self.rows = rows


ROWS, OTHER = Open(True), Open(False)

_NEVER = frozenset(
    [
        "create",
        "drop",
        "create_all",
        "drop_all",
        "execute",
        "scalar",
        "scalars",
        "compile",
        "reflect",
        "bind",
        "get_bind",
        "connect",
        "self_group",
        "unique_params",
        "params_from",
        "copy",
        "to_metadata",
        "tometadata",
        "append_column",
        "append_constraint",
    ]
)
# operators of a column, whose operands are values
_OPERATORS = frozenset(
    [
        "in_",
        "not_in",
        "notin_",
        "like",
        "ilike",
        "not_like",
        "notlike",
        "not_ilike",
        "notilike",
        "is_",
        "is_not",
        "isnot",
        "is_distinct_from",
        "is_not_distinct_from",
        "isnot_distinct_from",
        "contains",
        "startswith",
        "endswith",
        "between",
        "concat",
        "match",
        "any_",
        "all_",
        "filter_by",
        "limit",
        "offset",
        "bool_op",
        "regexp_match",
        "regexp_replace",
        "astext",
    ]
)
_OF_VALUES = frozenset(
    {"literal", "cast", "type_coerce", "try_cast", "tuple_", "coalesce", "case", "bindparam"}
)
_STRUCTURE = frozenset({"Column", "ForeignKey", "MetaData", "Table"})
_BUILTIN = (str, int, float, bool, dict, list, tuple, set, len)
_MANY = (range, enumerate, zip, sorted, reversed)
# what has no operators, items or methods of the project's
_PLAIN = (str, int, float, bool, type(None), list, tuple, dict, set, frozenset, range)
_TEXTS = frozenset({"format", "join", "strip", "lower", "upper", "replace", "lstrip", "rstrip", "title"})


def called(function: Any, args: Sequence[Any], words: Mapping[str, Any]) -> Any:
    """What the call gives. An `Open` one where it is none of those that may be made.

    Raises `NotKnownError` where something open would be part of the statement itself.
    """
    name = getattr(function, "__name__", "") or type(function).__name__
    owner = getattr(function, "__self__", None)
    if _is_function_of_sql(function):
        return function(*map(bound, args), **{word: bound(value) for word, value in words.items()})
    if (isinstance(owner, str) and name in _TEXTS) or any(function is one for one in _BUILTIN):
        if is_open((args, words)) and function is not dict:
            return opened((args, words))
        return function(*args, **words)
    of_dict = type(owner) is dict and name in ("items", "keys", "values")
    if (of_dict or any(function is one for one in _MANY)) and not is_open((args, words)):
        return list(function(*args, **words))
    if not _makes_expressions(function, owner, name):
        return opened((args, words))
    if name in ("in_", "not_in", "notin_"):
        return function(*[_listed(one) for one in args], **words)
    if name in ("values", "ordered_values"):
        return function(*map(_filled, args), **{word: bound(value) for word, value in words.items()})
    if name == "bindparam":
        return function(args[0] if args and not is_open(args[0]) else None)
    if name in _OPERATORS or name in _OF_VALUES:
        return function(*map(bound, args), **{word: bound(value) for word, value in words.items()})
    if function is sa.MetaData or (
        function is sa.Table and any(word.startswith("autoload") for word in words)
    ):
        # what it holds is told by running alone
        return opened((args, words))
    if name in ("params", "bindparams"):
        return owner  # values of a text's parameters are no part of it
    if function is sa.Table and not is_open((args[:1], args[2:], words)):
        return _table(args, words)
    if is_open((args, words)):
        raise NotKnownError(f"what {name} is given is not known", rows=_of_rows((args, words)))
    return function(*args, **words)


def may_read(value: Any, name: str) -> bool:
    """Whether an attribute of it may be looked at: of modules, classes and what SQLAlchemy makes, none is computed."""
    kind = type(value)
    if isinstance(value, type):
        stands = getattr_static(value, name, None)
        return isinstance(value, EnumMeta) or not hasattr(stands, "__get__") or _mapped(stands)
    return (
        type(value) in _PLAIN
        or isinstance(value, ClauseElement | Enum)
        or kind.__name__ == "module"
        or kind.__module__.startswith("sqlalchemy.sql")
        or kind.__module__.startswith("sqlalchemy.orm.attributes")
        or kind.__module__ == "sqlalchemy.util._collections"
    )


def is_plain(*values: Any) -> bool:
    """Whether operators and items of these are Python's own or SQLAlchemy's."""
    return all(
        type(one) in _PLAIN
        or isinstance(one, ClauseElement)
        or type(one).__module__.startswith("sqlalchemy.")
        for one in values
    )


def bound(value: Any) -> Any:
    """A value as it stands in an expression: what is not known is a bound parameter."""
    if isinstance(value, Open):
        return sa.bindparam(None, unique=True)
    if isinstance(value, tuple):
        return tuple(map(bound, value))
    if is_open(value):
        return sa.bindparam(None, unique=True)
    return value


def is_open(value: Any) -> bool:
    """Whether it, or a part of it, is not known."""
    if isinstance(value, Mapping):
        return any(is_open(one) for one in (*value.keys(), *value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(is_open, value))
    return isinstance(value, Open)


def opened(value: Any) -> Open:
    """An open value that comes of these."""
    return ROWS if _of_rows(value) else OTHER


def _of_rows(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_of_rows, (*value.keys(), *value.values())))
    if isinstance(value, list | tuple | set):
        return any(map(_of_rows, value))
    return isinstance(value, Open) and value.rows


def _is_function_of_sql(function: Any) -> bool:
    return type(function).__name__ in ("_FunctionGenerator", "_TypeHelper")


def _makes_expressions(function: Any, owner: Any, name: str) -> bool:
    if name in _NEVER or name.startswith("_"):
        return False
    if isinstance(function, type):
        return function.__module__.startswith("sqlalchemy") and (
            issubclass(function, ClauseElement | TypeEngine) or function.__name__ in _STRUCTURE
        )
    if owner is not None and not isinstance(owner, type):
        return isinstance(owner, ClauseElement) or type(owner).__module__.startswith(
            "sqlalchemy.orm.attributes"
        )
    module = getattr(function, "__module__", "") or ""
    return module.startswith("sqlalchemy.sql") or module == "sqlalchemy"


def _listed(value: Any) -> Any:
    """What IN is given: one bound parameter stands for values that are not known."""
    if isinstance(value, ClauseElement):
        return value
    if isinstance(value, list | tuple | set) and not is_open(value):
        return list(value) or [sa.bindparam(None, unique=True)]
    return [sa.bindparam(None, unique=True)]


def _filled(value: Any) -> Any:
    if isinstance(value, Open) or (isinstance(value, Mapping) and any(is_open(key) for key in value)):
        raise NotKnownError("which columns are set is not known")
    if isinstance(value, Mapping):
        return {key: bound(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(one) if isinstance(one, Mapping) else bound(one) for one in value]
    return value


def _table(args: Sequence[Any], words: Mapping[str, Any]) -> Any:
    """A table with its columns as they are written; not in the project's own metadata."""
    if any(word.startswith(("extend", "keep", "must")) for word in words):
        raise NotKnownError("which columns the table has is not known")
    schema = {word: value for word, value in words.items() if word == "schema"}
    return sa.Table(args[0], sa.MetaData(), *args[2:], **schema)


def is_value(left: Any, right: Any) -> bool:
    """Whether one of two operands is a column's expression, so that the other is a value."""
    return (
        isinstance(left, ColumnElement) or isinstance(right, ColumnElement) or _mapped(left) or _mapped(right)
    )


def _mapped(value: Any) -> bool:
    return type(value).__module__.startswith("sqlalchemy.orm.attributes")
