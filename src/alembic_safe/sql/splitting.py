"""Cuts a text into statements: by semicolons outside literals, parentheses and BEGIN ATOMIC bodies.

The pieces are slices of the original text, never regenerated. Data after COPY ... FROM stdin belong to no
statement and are kept with theirs.
"""

from __future__ import annotations

import re

from alembic_safe.quick import dataclass
from alembic_safe.sql.lexical import lexemes


@dataclass(frozen=True, slots=True)
class Piece:
    """A statement's text without its semicolon and without the comments before it.

    `start` and `end` are offsets in the whole text (end exclusive), `line` is the 1-based line of `start`.
    `comments` are the comments that stand before it or inside, as written, each with its line.
    `data` is what followed COPY ... FROM stdin, without the closing `\\.`.
    """

    text: str
    start: int
    end: int
    line: int
    comments: tuple[tuple[int, str], ...] = ()
    data: str = ""


_BLANK = re.compile(r"[\s\ufeff]*")
_COPY_IN = re.compile(r"copy\b.*\bfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)
_COPY_DATA = re.compile(r"[^\n]*\n(.*?)(?:^|(?<=\n))\\\.[ \t\r]*(?:\n|\Z)", re.DOTALL)


class _Splitter:
    """State of one pass over a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces: list[Piece] = []
        self.comments: list[tuple[int, str]] = []
        self.begin: int | None = None
        self.counted, self.line = 0, 1
        self._reset()

    def _reset(self) -> None:
        self.begin = None
        self.last = 0
        self.depth = 0
        self.atomic = 0
        self.word = ""
        self.routine = False
        self.first = ""
        self.comments = []

    def line_at(self, position: int) -> int:
        """1-based line; positions are asked for in rising order, so the text is counted once."""
        self.line += self.text.count("\n", self.counted, position)
        self.counted = position
        return self.line

    def run(self) -> list[Piece]:
        text = self.text
        position = 1 if text.startswith("\ufeff") else 0
        restart: int | None = 0
        while restart is not None:
            restart = None
            for kind, start, end, _ in lexemes(text, position):
                self._between(position, start)
                position = end
                if kind in ("line", "block"):
                    self.comments.append((self.line_at(start), text[start:end]))
                elif kind == "mark" and text[start] == ";":
                    if not self.depth and not self.atomic:
                        restart = self._close(start, end)
                        if restart is not None:
                            position = restart
                            break
                else:
                    self._take(kind, start, end)
        self._between(position, len(text))
        self._close(len(text), len(text))
        return self.pieces

    def _between(self, start: int, end: int) -> None:
        """Operators and punctuation between two lexemes belong to the statement, blanks do not."""
        if start == end:
            return
        found = _BLANK.match(self.text, start, end)
        inside = found.end() if found else start
        if inside < end:
            self._cover(inside, start + len(self.text[start:end].rstrip()))

    def _cover(self, start: int, end: int) -> None:
        if self.begin is None:
            self.begin = start
            self.line_at(start)
            self.begin_line = self.line
        self.last = end

    def _take(self, kind: str, start: int, end: int) -> None:
        self._cover(start, end)
        if kind == "mark":
            self.depth = max(0, self.depth + {"(": 1, ")": -1}.get(self.text[start], 0))
            self.word = ""
        elif kind == "word":
            self._word(self.text[start:end].lower())
        else:
            self.word = ""

    def _word(self, word: str) -> None:
        """BEGIN ATOMIC ... END holds statements; CASE ... END nests in it."""
        self.first = self.first or word
        self.routine = self.routine or (self.first == "create" and word in ("function", "procedure"))
        if self.routine and not self.depth:
            if self.atomic:
                self.atomic += {"case": 1, "end": -1}.get(word, 0)
            elif word == "atomic" and self.word == "begin":
                self.atomic = 1
        self.word = word

    def _close(self, end: int, after: int) -> int | None:
        """End a statement; where COPY data follow, the position after them."""
        begin, restart = self.begin, None
        if begin is not None:
            text = self.text[begin : self.last]
            data = ""
            if (
                self.first == "copy"
                and _COPY_IN.match(text)
                and (found := _COPY_DATA.match(self.text, after))
            ):
                data, restart = found.group(1), found.end()
            self.pieces.append(Piece(text, begin, self.last, self.begin_line, tuple(self.comments), data))
            self._reset()
        return restart


def split(text: str) -> tuple[Piece, ...]:
    """The statements of a text in order, empty ones left out. An unterminated literal runs to the end.

    Never raises. Comments after the last statement belong to none.
    """
    return tuple(_Splitter(text).run())
