"""Reads DO blocks: the static SQL of a plpgsql body; what is decided when it runs is marked."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Reading
from alembic_safe.sql.cursor import STRING, Cursor
from alembic_safe.sql.draft import Draft


def read_do(cursor: Cursor, read: Callable[[str], Reading]) -> Draft:
    """DO [LANGUAGE name] body [LANGUAGE name]."""
    cursor.expect("do")
    draft = Draft("do")
    language, body = "plpgsql", None
    while not cursor.done:
        if cursor.accept("language"):
            language = cursor.string() if cursor.at(STRING) else cursor.identifier()
        else:
            body = cursor.string()
    if body is None:
        raise cursor.unexpected("a body")
    draft.not_understood = f"a block in {language}, which is not read"
    return draft
