"""Count the rows of every table in the text of a dump, as it streams by. Pure; keeps one statement at most.

A dump's text is SQL with blocks of COPY data in between. The data is counted by searching bytes, which is
fast; the SQL is lexed, because a function body, a string or a quoted name may hold a line like a COPY.
Source: PostgreSQL's documentation, "Lexical Structure" and COPY, "Text Format": a row is one line, and a
line of data is never `\\.` alone, since a backslash in data is doubled.
"""

from __future__ import annotations

import re

from alembic_safe.databases.postgresql.encodings import codec_of
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import TableContent

_END = b"\n\\.\n"
_SPECIAL = re.compile(rb"['\"$;\\]|--|/\*")
_DOLLAR = re.compile(rb"\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$")
_DOLLAR_BEGUN = re.compile(rb"\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\Z")
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$") | frozenset(
    range(128, 256)
)
_ESCAPED = re.compile(rb"\\.|'", re.DOTALL)
_COMMENT = re.compile(rb"/\*|\*/")
_NAME = rb'(?:"(?:[^"]|"")*"|[^\s"(;.]+)'
_COPY = re.compile(rb"\s*COPY (" + _NAME + rb"(?:\." + _NAME + rb")*)[\s(].*FROM stdin;\Z", re.DOTALL)
_PLAIN_STRINGS = re.compile(rb"\s*SET standard_conforming_strings = (on|off);\Z")
_ENCODING = re.compile(rb"\s*SET client_encoding = '([A-Za-z0-9_]+)';\Z")


class RowCounter:
    """Feed it the text in any pieces, then `finish`. Rows of one name add up: partitions may load by root."""

    def __init__(self) -> None:
        self._rows: dict[bytes, int] = {}
        self._table: bytes | None = None  # in its data now
        self._text = b""
        self._begin = 0  # where the statement, or the data not counted yet, begins in the text
        self._at = 0  # the SQL is lexed up to here
        self._inside = b""  # what the lexer is inside of: ', E (escape string), ", $tag$, -- or /*
        self._depth = 0
        self._escapes = False  # standard_conforming_strings = off
        self._codec = "utf-8"  # of names: the dump's own, as it says itself

    def feed(self, piece: bytes) -> None:
        self._text = self._text + piece if self._text else piece
        while self._data() if self._table is not None else self._sql():
            pass
        if self._begin:
            self._text = self._text[self._begin :]
            self._at, self._begin = max(0, self._at - self._begin), 0

    def finish(self) -> tuple[TableContent, ...]:
        """The counts, sorted by name as the dump writes it. Raises `BackupError` when the text ends early."""
        if self._table is not None:
            raise BackupError(f"the dump ends within the data of {self._shown(self._table)}")
        if self._inside or self._text.strip():
            raise BackupError("the dump ends within a statement")
        return tuple(TableContent(self._shown(name), rows) for name, rows in sorted(self._rows.items()))

    def _data(self) -> bool:
        """Count rows. What is to be counted begins with the newline before the first row."""
        table = self._table or b""
        end = self._text.find(_END, self._begin)
        # The newline at `end` ends the last row; the one before the first is taken off at the block's begin.
        upto = end + 1 if end >= 0 else max(self._begin, len(self._text) - len(_END) + 1)
        self._rows[table] += self._text.count(b"\n", self._begin, upto)
        if end < 0:
            self._begin = upto
            return False
        self._table = None
        self._begin = self._at = end + len(_END)
        return True

    def _sql(self) -> bool:
        """Lex one token further; False when the text must grow first."""
        if self._inside:
            return self._skip()
        found = _SPECIAL.search(self._text, self._at)
        if found is None:
            self._at = max(self._at, len(self._text) - (self._text[-1:] in (b"-", b"/")))
            return False
        token, at = found[0], found.start()
        if token == b";":
            return self._statement(at + 1)
        if token == b"$":
            return self._dollar(at)
        self._at = found.end()
        if token == b"'":
            self._inside = b"E" if self._escapes or self._is_escape_string(at) else b"'"
        elif token == b"\\":  # psql's own command, such as \\restrict, where a statement would begin
            self._inside = b"--" if not self._text[self._begin : at].strip() else b""
        else:
            self._inside, self._depth = token, 1
        return True

    def _is_escape_string(self, at: int) -> bool:
        return self._text[at - 1 : at] in (b"E", b"e") and (at < 2 or self._text[at - 2] not in _WORD)

    def _dollar(self, at: int) -> bool:
        opening = _DOLLAR.match(self._text, at)
        if at and self._text[at - 1] in _WORD:
            opening = None  # within a name
        elif opening is None and _DOLLAR_BEGUN.match(self._text, at):
            self._at = at
            return False
        self._at = opening.end() if opening else at + 1
        self._inside = opening[0] if opening else b""
        return True

    def _skip(self) -> bool:
        """Look for the end of what we are inside of."""
        if self._inside == b"E":
            return self._skip_escapes()
        if self._inside == b"/*":
            return self._skip_comment()
        closing = b"\n" if self._inside == b"--" else self._inside
        end = self._text.find(closing, self._at)
        if end < 0:
            self._at = max(self._at, len(self._text) - len(closing) + 1)
            return False
        self._leave(end + len(closing))
        return True

    def _skip_escapes(self) -> bool:
        found = _ESCAPED.search(self._text, self._at)
        if found is None:
            self._at = max(self._at, len(self._text) - (self._text[-1:] == b"\\"))
            return False
        if found[0] == b"'":
            self._leave(found.end())
        self._at = found.end()
        return True

    def _skip_comment(self) -> bool:
        found = _COMMENT.search(self._text, self._at)
        if found is None:
            self._at = max(self._at, len(self._text) - 1)
            return False
        self._depth += 1 if found[0] == b"/*" else -1
        self._at = found.end()
        if not self._depth:
            self._leave(found.end())
        return True

    def _leave(self, at: int) -> None:
        """Out of it again. A comment before a statement is no part of the statement."""
        comment = self._inside in (b"--", b"/*")
        self._inside, self._at = b"", at
        if comment and self._text[self._begin : at].lstrip()[:1] in (b"-", b"/", b"\\"):
            self._begin = at

    def _statement(self, end: int) -> bool:
        """A statement ends at `end`: data follows it if it is a COPY."""
        text = self._text[self._begin : end]
        copy = _COPY.match(text)
        if copy is None:
            if strings := _PLAIN_STRINGS.match(text):
                self._escapes = strings[1] == b"off"
            elif encoding := _ENCODING.match(text):
                self._codec = codec_of(encoding[1].decode())
            self._begin = self._at = end
            return True
        if len(self._text) <= end:  # the newline that its data begins behind is still to come
            self._at = end - 1
            return False
        self._table = copy[1]
        self._rows[self._table] = self._rows.get(self._table, 0) - 1  # for the newline that begins the block
        self._begin = end
        return True

    def _shown(self, name: bytes) -> str:
        return name.decode(self._codec, errors="backslashreplace")
