"""Masking: what leaves the worker holds no literal of DML, no password in SQL, and no secret it was told of.

A small lexer rather than a parser: it must never fail, whatever a revision executes. It knows quoting
('..', E'..', $tag$..$tag$, "..") and comments, and replaces literals that can hold data or secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from alembic_safe.model.secrets import MASK, hide, hide_quoted, is_common
from alembic_safe.model.targets import SECRET_KEYWORDS

_known: set[str] = set()
_MOST_VALUES = 1000
_SHORTEST_VALUE = 3  # shorter ones tell nothing, and replacing them would shred the text

TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<dollar>(?<![\w$])\$(?P<tag>[A-Za-z_\u0080-\uffff]?[\w\u0080-\uffff]*)\$.*?(?:\$(?P=tag)\$|\Z))
  | (?P<string>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z))
  | (?P<quoted>"(?:[^"]|"")*(?:"|\Z))
  | (?P<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_DATA = frozenset(
    {
        "insert",
        "update",
        "delete",
        "merge",
        "with",
        "select",
        "values",
        "copy",
        "replace",
        "execute",
        "explain",
    }
)
_DATA_IN_BODY = frozenset({"insert", "update", "delete", "merge", "values"})
# a string that is itself DML: EXECUTE 'insert ...'
_DML = re.compile(r"\W*(insert|update|delete|merge|values)\b", re.IGNORECASE)
_SECRET_WORDS = frozenset(
    {
        *SECRET_KEYWORDS,
        "connection",
        "passwd",
        "secret",
        "identified",
        "passfile",
    }
)


def mask_sql(sql: str) -> str:
    """`sql` with its data literals (DML) and secret literals (any statement) replaced by '***'."""
    return _mask(sql, in_body=False).strip()


def _mask(sql: str, *, in_body: bool) -> str:
    """In the body of a function or a DO block, DML begins at any word; the rest of it stays readable."""
    parts: list[str] = []
    data: bool | None = None
    secret = False
    for match in TOKEN.finditer(sql):
        kind, text = match.lastgroup, match.group()
        if match.group("dollar") is not None:
            kind = "dollar"
        if kind == "word":
            word = text.lower()
            if in_body:
                data = data or word in _DATA_IN_BODY
            elif data is None:
                data = word in _DATA
            secret = word in _SECRET_WORDS or (secret and word in {"is", "by", "with"})
        elif kind in {"string", "dollar"}:
            if data or secret or (in_body and _DML.match(text)):
                text = f"'{MASK}'"
            elif kind == "dollar":
                text = _mask_body(text, match.group("tag") or "")
            secret = False
        elif kind == "quoted":
            secret = text.strip('"').lower() in _SECRET_WORDS
        elif text == ";":
            data, secret = None, False
        elif kind == "other" and not text.isspace() and text not in "=:>(":
            secret = False
        parts.append(text)
    return "".join(parts)


def _mask_body(text: str, tag: str) -> str:
    quote = f"${tag}$"
    if len(text) < 2 * len(quote) or not text.endswith(quote):
        return text
    return quote + _mask(text[len(quote) : -len(quote)], in_body=True) + quote


def remember(secrets: Iterable[str]) -> None:
    """Mask these from now on, whoever else is told of them."""
    _known.update(secrets)


def mask_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with every known secret replaced, see `model.secrets.hide`."""
    return hide(text, {*secrets, *_known})


def mask_values(text: str, parameters: Any) -> str:
    """`text` with every bound value of a statement replaced, as the driver or Python may have spelled it.

    A common word is replaced in quotes only: elsewhere it is a word of the message itself.
    """
    for value in islice(_leaves(parameters), _MOST_VALUES):
        for spelled in dict.fromkeys((str(value), repr(value))):
            if len(spelled) < _SHORTEST_VALUE or spelled not in text:
                continue
            if is_common(spelled):
                text = hide_quoted(text, spelled)
            else:
                text = re.sub(rf"(?<!\w){re.escape(spelled)}(?!\w)", MASK, text)
    return text


def _leaves(parameters: Any) -> Iterator[Any]:
    if isinstance(parameters, Mapping):
        parameters = list(parameters.values())
    if isinstance(parameters, list | tuple | set | frozenset):
        for value in parameters:
            yield from _leaves(value)
    elif parameters is not None and not isinstance(parameters, bool):
        yield parameters
