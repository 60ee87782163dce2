"""The text of a CREATE TABLE, as a server or alembic wrote it, taken apart at its commas. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.quick import dataclass

_TOKEN = re.compile(
    r"""[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|/\*.*?\*/|[()\[\],]|\s+|[^\s()\[\],'"`]+""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class TableText:
    """What stands before the parenthesis, the elements inside it, and what follows."""

    head: str
    elements: tuple[str, ...]
    tail: str


def take_apart(text: str) -> TableText | None:
    """The parts of a CREATE TABLE; None for one that has no list of columns."""
    depth, start, elements, opened = 0, 0, list[str](), -1
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in ("(", "["):
            depth += 1
            if depth == 1 and opened < 0:
                opened, start = token.start(), token.end()
        elif word in (")", "]"):
            depth -= 1
            if depth == 0:
                elements.append(text[start : token.start()])
                inside = tuple(one.strip() for one in elements if one.strip())
                return TableText(text[:opened].strip(), inside, text[token.end() :].strip())
        elif word == "," and depth == 1:
            elements.append(text[start : token.start()])
            start = token.end()
    return None


def words(text: str) -> Iterator[str]:
    """The tokens of a definition without blanks and comments."""
    for token in _TOKEN.finditer(text):
        word = token[0]
        if not word.isspace() and not word.startswith(("--", "/*")):
            yield word


def without_default(definition: str) -> str:
    """A column's definition without its default or what it is generated from; those are expressions."""
    depth, kept, skipping = 0, list[str](), False
    for word in words(definition):
        depth += (word in ("(", "[")) - (word in (")", "]"))
        upper = word.upper()
        if depth == 0 and upper in ("DEFAULT", "GENERATED"):
            skipping = True
        elif depth == 0 and skipping and upper in ("NOT", "CONSTRAINT"):
            skipping = False
        if not skipping:
            kept.append(word)
    return " ".join(kept)
