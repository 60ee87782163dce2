"""Works out the strings a plpgsql expression can be: literals, ||, format(), quote_ident() and variables of those.

A part that is known only when the block runs is a hole. A hole that is quoted as a name or a literal leaves the
statement around it readable, whatever it is; a bare one may be any SQL at all.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from alembic_safe.model.facts import HOLE
from alembic_safe.quick import dataclass
from alembic_safe.sql.cursor import STRING, Cursor, NotUnderstood

MOST = 64  # values of one expression; a product of more is given up


@dataclass(frozen=True, slots=True)
class Text:
    """One possible value. `whole` False: a part of it is not known and may be any SQL."""

    text: str
    whole: bool = True


Texts = tuple[Text, ...]
Variables = Mapping[str, "Texts | None"]
UNKNOWN: Texts = (Text(HOLE, False),)
_FORMAT = re.compile(r"%(?:(\d+)\$)?-?\d*([sIL%])")
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


def texts(cursor: Cursor, start: int, end: int, variables: Variables) -> Texts:
    """The values of the expression of tokens `start` to `end`; holes where they are not known."""
    parts = [_part(cursor, first, last, variables) for first, last in _split(cursor, start, end, "|")]
    if not parts or any(part is None for part in parts):
        return UNKNOWN
    return _product([part for part in parts if part is not None])


def strings(cursor: Cursor, start: int, end: int, variables: Variables) -> list[Texts] | None:
    """The elements of ARRAY[...], or of a variable's; None for anything else."""
    keys = cursor.keys
    if len(_split(cursor, start, end, "|")) != 1:
        return None
    if keys[start] == "array" and keys[start + 1] == "[" and cursor.close_of(start + 1) + 1 <= end:
        inside = _split(cursor, start + 2, cursor.close_of(start + 1), ",")
        return [texts(cursor, first, last, variables) for first, last in inside]
    if keys[start] == STRING:
        kept, cursor.i = cursor.i, start
        value = cursor.string()
        cursor.i = kept
        if value.startswith("{") and value.endswith("}"):
            return [(Text(item.strip().strip('"')),) for item in value[1:-1].split(",")]
    return None


def literals(source: str) -> list[str | None]:
    """The arguments of a call as it is written: strings where they are, None for any other."""
    try:
        cursor = Cursor(source)
        found = [
            texts(cursor, first, last, {}) for first, last in _split(cursor, 0, len(cursor.keys) - 4, ",")
        ]
    except NotUnderstood:
        return []
    return [one[0].text if len(one) == 1 and one[0].whole else None for one in found]


def _product(parts: Sequence[Texts]) -> Texts:
    count = 1
    for part in parts:
        count *= len(part)
    if count > MOST:
        return UNKNOWN
    return tuple(
        Text("".join(one.text for one in chosen), all(one.whole for one in chosen))
        for chosen in itertools.product(*parts)
    )


def _split(cursor: Cursor, start: int, end: int, mark: str) -> list[tuple[int, int]]:
    """The token ranges between marks outside brackets; `|` stands for ||."""
    found, begin, index = [], start, start
    while index < end:
        key = cursor.keys[index]
        if key in ("(", "["):
            index = cursor.close_of(index)
        elif key == mark or (mark == "|" and key == "||"):
            if index > begin:
                found.append((begin, index))
            begin = index + 1
        index += 1
    if begin < end:
        found.append((begin, end))
    return found


def _part(cursor: Cursor, start: int, end: int, variables: Variables) -> Texts | None:
    keys = cursor.keys
    while end - 2 > start and keys[end - 2] == ":" and keys[end - 3] == ":":
        end -= 3  # a cast to text and its like
    key = keys[start]
    if key == "(" and cursor.close_of(start) == end - 1:
        return texts(cursor, start + 1, end - 1, variables)
    if key == STRING:
        kept, cursor.i = cursor.i, start
        value = cursor.string()
        whole, cursor.i = cursor.i == end, kept
        return (Text(value),) if whole else UNKNOWN
    if end - start == 1:
        return variables.get(key) or UNKNOWN
    if keys[start + 1] == "(" and cursor.close_of(start + 1) == end - 1:
        return _called(cursor, key, start + 2, end - 1, variables)
    return UNKNOWN


def _called(cursor: Cursor, name: str, start: int, end: int, variables: Variables) -> Texts:
    given = [texts(cursor, first, last, variables) for first, last in _split(cursor, start, end, ",")]
    if name == "format" and given and len(given[0]) == 1 and given[0][0].whole:
        return _formatted(given[0][0].text, given[1:])
    if name == "concat":
        return _product(given)
    if name in ("quote_ident", "quote_literal", "quote_nullable") and len(given) == 1:
        quote = identifier if name == "quote_ident" else literal
        return tuple(Text(quote(one)) for one in given[0])
    if name in ("lower", "upper", "trim", "btrim") and len(given) == 1:
        change = str.upper if name == "upper" else str.lower if name == "lower" else str.strip
        return tuple(Text(change(one.text), one.whole) for one in given[0])
    return UNKNOWN


def _formatted(template: str, given: Sequence[Texts]) -> Texts:
    """format(): %I, %L, %s, with positions."""
    parts: list[Texts] = []
    position, following = 0, 0
    for found in _FORMAT.finditer(template):
        parts.append((Text(template[position : found.start()]),))
        position = found.end()
        if found.group(2) == "%":
            parts.append((Text("%"),))
            continue
        index = int(found.group(1)) - 1 if found.group(1) else following
        following = index + 1
        value = given[index] if index < len(given) else UNKNOWN
        if found.group(2) == "s":
            parts.append(value)
        else:
            quote = identifier if found.group(2) == "I" else literal
            parts.append(tuple(Text(quote(one)) for one in value))
    parts.append((Text(template[position:]),))
    return _product(parts)


def identifier(value: Text) -> str:
    """As quote_ident() writes it; what is not known is some name."""
    if value.whole and _PLAIN.fullmatch(value.text):
        return value.text
    return '"' + (value.text if value.whole else HOLE).replace('"', '""') + '"'


def literal(value: Text) -> str:
    """As quote_literal() writes it."""
    return "'" + (value.text if value.whole else HOLE).replace("'", "''") + "'"


def readable(value: Text) -> str:
    """The text with a name in each bare hole, as which most of them are meant."""
    return value.text if value.whole else re.sub(r'(?<!["\w])\?(?!["\w])', f'"{HOLE}"', value.text)
