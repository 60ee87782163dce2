"""Walks over the tokens of one statement: looks ahead, takes words, names, literals and bracketed groups."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlglot import Token, TokenType
from sqlglot.errors import SqlglotError

from alembic_safe.model.facts import Name
from alembic_safe.sql.dialect import raw_tokens
from alembic_safe.sql.lexical import plain, string_value, unicode_value

STRING: Final = "'"
QUOTED: Final = '"'
NUMBER: Final = "0"
MAX_DEPTH: Final = 100

_STRINGS = {
    TokenType.STRING,
    TokenType.BYTE_STRING,
    TokenType.NATIONAL_STRING,
    TokenType.BIT_STRING,
    TokenType.HEX_STRING,
    TokenType.HEREDOC_STRING,
    TokenType.UNICODE_STRING,
}
_OPEN = {"(": ")", "[": "]"}


class NotUnderstood(Exception):
    """The statement is written in a way the reader does not know."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Cursor:
    """Tokens and a position.

    `keys[i]` is what is compared: a word in lower case, a punctuation character, or `QUOTED`, `STRING`,
    `NUMBER`. The list ends with empty keys, so that looking ahead never fails.
    """

    __slots__ = ("_closes", "_raw", "depth", "i", "keys", "text")

    def __init__(self, text: str) -> None:
        """Raises `NotUnderstood` where the text cannot be cut into tokens."""
        self.text = text
        self._closes: dict[int, int] | None = None
        self.i = 0
        self.depth = 0
        made, fault = plain(text)
        if fault:
            raise NotUnderstood(fault)
        try:
            self._raw = raw_tokens(made)
        except SqlglotError as error:
            raise NotUnderstood("cannot be cut into tokens") from error
        self.keys = [_key(token, text) for token in self._raw]
        self.keys += ["", "", "", ""]

    # --- looking

    @property
    def done(self) -> bool:
        return not self.keys[self.i]

    def at(self, *words: str) -> bool:
        """Whether these keys come next."""
        i, keys = self.i, self.keys
        for word in words:
            if keys[i] != word:
                return False
            i += 1
        return True

    def at_word(self) -> bool:
        """Whether an unquoted word comes next."""
        return _is_word(self.keys[self.i])

    def at_name(self) -> bool:
        """Whether a word or a quoted name comes next."""
        key = self.keys[self.i]
        return key == QUOTED or _is_word(key)

    def slice(self, start: int, end: int) -> str:
        """The source text of tokens `start` to `end` (exclusive)."""
        if end <= start:
            return ""
        return self.text[self._raw[start].start : self._raw[end - 1].end + 1]

    def offset(self, index: int) -> int:
        """Where token `index` begins in the text."""
        return self._raw[index].start if index < len(self._raw) else len(self.text)

    # --- taking

    def accept(self, *words: str) -> bool:
        """Take these keys if all come next."""
        i, keys = self.i, self.keys
        for word in words:
            if keys[i] != word:
                return False
            i += 1
        self.i = i
        return True

    def accept_any(self, words: Collection[str]) -> str:
        """Take the next key if it is one of `words`; "" otherwise."""
        key = self.keys[self.i]
        if key and key in words:
            self.i += 1
            return key
        return ""

    def expect(self, *words: str) -> None:
        if not self.accept(*words):
            raise self.unexpected(" ".join(words))

    def unexpected(self, wanted: str = "") -> NotUnderstood:
        """The exception for what stands at the position."""
        found = self.slice(self.i, min(self.i + 3, len(self._raw))) or "the end"
        found = found if len(found) <= 60 else found[:57] + "..."
        if any(key == STRING for key in self.keys[self.i : self.i + 3]):
            found = "a literal"
        return NotUnderstood(f"expected {wanted}, found {found}" if wanted else f"did not expect {found}")

    def word(self) -> str:
        """Take an unquoted word, lower case."""
        key = self.keys[self.i]
        if not _is_word(key):
            raise self.unexpected("a word")
        self.i += 1
        return key

    def identifier(self) -> str:
        """Take one name part, folded and cut as the server does."""
        i = self.i
        key = self.keys[i]
        if key == QUOTED:
            token = self._raw[i]
            name = token.text
            if token.start >= 2 and self.text[token.start - 2 : token.start].lower() == "u&":
                name = unicode_value(name)
        elif _is_word(key):
            name = key
        else:
            raise self.unexpected("a name")
        self.i = i + 1
        return name if len(name) <= 15 else cut(name)

    def name(self) -> Name:
        """Take a possibly qualified name; a database before the schema is dropped."""
        first = self.identifier()
        if self.keys[self.i] != ".":
            return Name(first)
        schema: str | None = None
        while self.accept("."):
            schema, first = first, self.identifier()
        return Name(first, schema)

    def string(self) -> str:
        """Take a string literal (or several in continuation) and give its value."""
        if self.keys[self.i] != STRING:
            raise self.unexpected("a string")
        value = ""
        while self.keys[self.i] == STRING:
            token = self._raw[self.i]
            value += string_value(self.text[token.start : token.end + 1])
            self.i += 1
        return value

    def parens(self) -> tuple[int, int]:
        """Take a group in parentheses; the token range of its inside."""
        if self.keys[self.i] not in _OPEN:
            raise self.unexpected("(")
        start = self.i
        self.i = self.close_of(start) + 1
        return start + 1, self.i - 1

    def close_of(self, start: int) -> int:
        """The token that closes the bracket at `start`; pairs are matched once for the whole statement."""
        if self._closes is None:
            self._closes = _pairs(self.keys)
        try:
            return self._closes[start]
        except KeyError:
            raise NotUnderstood("unbalanced parentheses") from None

    def skip_until(self, stops: Collection[str]) -> str:
        """Skip to the first of `stops` outside brackets, or the end; the source skipped."""
        start, keys = self.i, self.keys
        while keys[self.i] and keys[self.i] not in stops:
            if keys[self.i] in _OPEN:
                self.i = self.close_of(self.i)
            self.i += 1
        return self.slice(start, self.i)

    def rest(self) -> str:
        """Take everything that is left; its source. Refuses closing brackets that were never opened."""
        return self.skip_until((")", "]"))

    def enter(self) -> None:
        """Guard against hostile nesting; pair with `leave`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotUnderstood("nested too deeply")

    def leave(self) -> None:
        self.depth -= 1


def cut(name: str) -> str:
    """The name as the server keeps it: 63 bytes of UTF-8 at most, whole characters."""
    encoded = name.encode("utf-8", "surrogatepass")
    return name if len(encoded) <= 63 else encoded[:63].decode("utf-8", "ignore")


def _is_word(key: str) -> bool:
    return bool(key) and (key[0].isalpha() or key[0] == "_" or not key[0].isascii())


def _pairs(keys: list[str]) -> dict[int, int]:
    opened: list[int] = []
    pairs: dict[int, int] = {}
    for index, key in enumerate(keys):
        if key in ("(", "["):
            opened.append(index)
        elif key in (")", "]") and opened:
            pairs[opened.pop()] = index
    return pairs


def _folded(word: str) -> str:
    """Lower case as the server folds in a multi-byte encoding: ASCII letters only."""
    return word.lower() if word.isascii() else "".join(c.lower() if c.isascii() else c for c in word)


def _key(token: Token, text: str) -> str:
    kind = token.token_type
    if kind is TokenType.VAR:
        return _folded(text[token.start : token.end + 1])
    if kind is TokenType.IDENTIFIER:
        return QUOTED
    if kind in _STRINGS and text[token.start] not in "0123456789":
        return STRING
    if kind is TokenType.NUMBER or kind in _STRINGS:
        return NUMBER
    return token.text
