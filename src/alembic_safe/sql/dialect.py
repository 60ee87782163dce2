"""The one door to sqlglot: a tokenizer that knows PostgreSQL's characters and none of its words.

Only `Dialect` and `Tokenizer` are subclassed: doing so with its parser or expressions raises TypeError where
its compiled build (sqlglotc) is installed. Keywords are left out on purpose: which word is a keyword depends
on where it stands, and that is the reader's business; multi-word keywords and commands would swallow tokens.
"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import Token, TokenType
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.postgres import Postgres


class AlembicSafePostgres(Dialect):
    """Registered with sqlglot under this name by its metaclass; nothing else of sqlglot's is changed."""

    class Tokenizer(Postgres.Tokenizer):
        """Words, names, literals and single characters, with exact positions."""

        KEYWORDS: ClassVar[dict[str, TokenType]] = {}
        COMMANDS: ClassVar[set[TokenType]] = set()


_DIALECT = AlembicSafePostgres()


def raw_tokens(text: str) -> list[Token]:
    """sqlglot's tokens of a text that `lexical.plain` has made plain. Raises sqlglot's TokenError."""
    return _DIALECT.tokenize(text)
