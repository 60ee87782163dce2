"""PostgreSQL's lexical rules that decide where a text may be cut: comments, literals, quotes, brackets.

Source: docs, SQL Syntax / Lexical Structure; standard_conforming_strings is taken to be on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Every alternative matches also when its end is missing (the last group is then empty): a pattern that could
# fail there would be tried again at each following quote, which takes quadratic time on hostile text.
_LEXEME = re.compile(
    r"""
      (?P<line>--[^\n\r]*)
    | (?P<block>/\*)
    | (?P<escape>[eE]'[^'\\]*(?:(?:\\.|'')[^'\\]*)*(?P<escape_end>'?))
    | (?P<string>(?:[uU]&|[nNbBxX])?'[^']*(?:''[^']*)*(?P<string_end>'?))
    | (?P<name>(?:[uU]&)?"[^"]*(?:""[^"]*)*(?P<name_end>"?))
    | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
    | (?P<parameter>\$\d+)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
    | (?P<number>\d[\w.]*)
    | (?P<foreign>[{}`\\]+)
    | (?P<mark>[();])
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")
# What sqlglot's tokenizer reads otherwise than the server, or reads slowly.
_EXOTIC = re.compile(r"""\$|\\|/\*|\{|[eEuUnN](?:&['"]|')|\ufeff|[^\x00-\x7f]""")
_LONG = 20_000
_NOT_NEWLINE = re.compile(r"[^\n]")

Lexeme = tuple[str, int, int, bool]


def lexemes(text: str, start: int = 0) -> Iterator[Lexeme]:
    """(kind, start, end, whole) of what decides; `whole` False when the text ends inside it.

    Kinds: line, block (comments), escape, string, name, dollar (literals), word, number, mark. Everything
    between two lexemes is blanks, operators and punctuation.
    """
    position = start
    while found := _LEXEME.search(text, position):
        kind = found.lastgroup or "mark"
        if kind.endswith("_end"):
            kind = kind[: -len("_end")]
        begin, end, whole = found.start(), found.end(), True
        if kind == "block":
            end, whole = _block_end(text, end)
        elif kind == "dollar":
            close = text.find(found.group(), end)
            end, whole = (len(text), False) if close < 0 else (close + len(found.group()), True)
        elif kind in ("escape", "string", "name"):
            whole = bool(found.group(kind + "_end"))
        yield kind, begin, end, whole
        position = end


def _block_end(text: str, position: int) -> tuple[int, bool]:
    """The end of a block comment whose opening ends at `position`; they nest."""
    depth = 1
    for edge in _BLOCK_EDGE.finditer(text, position):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end(), True
    return len(text), False


def plain(text: str) -> tuple[str, str]:
    """(text, fault): the same length and line breaks, with comments blank and literals' contents filled.

    The tokenizer then meets only what it and the server agree on. Contents are taken from the original by
    position. `fault` says what has no end, "" when all is whole.
    """
    if len(text) < _LONG and not _EXOTIC.search(text):
        return text, ""
    parts: list[str] = []
    position, fault = 0, ""
    for kind, start, end, whole in lexemes(text):
        if not whole:
            fault = fault or f"unterminated {_NAMES.get(kind, kind)}"
        replacement = _filled(kind, text, start, end)
        if replacement is not None:
            parts.append(text[position:start])
            parts.append(replacement)
            position = end
    parts.append(text[position:])
    return "".join(parts).replace("\ufeff", " "), fault


_NAMES = {"block": "comment", "escape": "string", "dollar": "dollar-quoted string", "name": "quoted name"}


def _filled(kind: str, text: str, start: int, end: int) -> str | None:
    """What stands for a lexeme in plain text; None for what stays."""
    if kind in ("line", "block"):
        return _NOT_NEWLINE.sub(" ", text[start:end])
    if kind in ("escape", "string", "dollar") and end - start > 1:
        return "'" + "_" * (end - start - 2) + "'"
    if kind == "name" and text[start] in "uU":
        return "  " + text[start + 2 : end]
    if kind == "word" and not text[start:end].isascii():
        return "".join(c if c.isascii() else "_" for c in text[start:end])
    if kind == "parameter":
        return "0" * (end - start)  # sqlglot takes $1,$2 for the tag of a dollar quote
    if kind == "foreign":
        return "?" + " " * (end - start - 1)
    return None


_ESCAPED = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.)|''", re.DOTALL)
_UNICODE = re.compile(r"\\(?:([0-9A-Fa-f]{4})|\+([0-9A-Fa-f]{6})|(\\))")
_PLAIN_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def string_value(literal: str) -> str:
    """The value of a string literal as written: '...', E'...', U&'...', N'...', $tag$...$tag$."""
    if literal.startswith("$"):
        tag = literal[: literal.index("$", 1) + 1]
        return literal[len(tag) : -len(tag)]
    body = literal[literal.index("'") + 1 : -1]
    if literal[0] in "eE":
        return _ESCAPED.sub(_unescape, body)
    body = body.replace("''", "'")
    return unicode_value(body) if literal[0] in "uU" else body


def unicode_value(body: str) -> str:
    """The value of a U& literal's or name's body, with the default escape character."""
    return _UNICODE.sub(lambda m: "\\" if m[3] else _character(m[1] or m[2], 16), body)


def _unescape(found: re.Match[str]) -> str:
    escaped = found.group(1)
    if escaped is None:
        return "'"
    if escaped[0] in "xuU" and len(escaped) > 1:
        return _character(escaped[1:], 16)
    if escaped[0] in "01234567":
        return _character(escaped, 8)
    return _PLAIN_ESCAPES.get(escaped, escaped)


def _character(digits: str, base: int) -> str:
    code = int(digits, base)
    return chr(code) if code <= 0x10FFFF else "\ufffd"
