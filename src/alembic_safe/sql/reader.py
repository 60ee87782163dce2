"""Reads one statement: text -> `Reading`. Never raises; what it does not understand it says."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Reading
from alembic_safe.sql.blocks import read_do
from alembic_safe.sql.cursor import Cursor, NotUnderstood
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.lexical import lexemes
from alembic_safe.sql.statements import maintenance, naming, session
from alembic_safe.sql.statements.alter import read_alter
from alembic_safe.sql.statements.create import read_create
from alembic_safe.sql.statements.drop import read_drop
from alembic_safe.sql.statements.query import read_select, read_write


def _explain(cursor: Cursor) -> Draft:
    return maintenance.read_explain(cursor, _statement)


def _do(cursor: Cursor) -> Draft:
    return read_do(cursor, read)


_READERS: dict[str, Callable[[Cursor], Draft]] = {
    "alter": read_alter,
    "create": read_create,
    "drop": read_drop,
    "(": read_select,
    "select": read_select,
    "values": read_select,
    "table": read_select,
    "with": read_select,
    "insert": read_write,
    "update": read_write,
    "delete": read_write,
    "merge": read_write,
    "truncate": maintenance.read_truncate,
    "lock": maintenance.read_lock,
    "vacuum": maintenance.read_vacuum,
    "analyze": maintenance.read_vacuum,
    "analyse": maintenance.read_vacuum,
    "cluster": maintenance.read_cluster,
    "reindex": maintenance.read_reindex,
    "refresh": maintenance.read_refresh,
    "copy": maintenance.read_copy,
    "explain": _explain,
    "do": _do,
    "grant": naming.read_grant,
    "revoke": naming.read_grant,
    "comment": naming.read_comment,
    "security": naming.read_security_label,
    "reassign": naming.read_reassign,
    "import": naming.read_import,
    "set": session.read_set,
    "reset": session.read_reset,
    "show": session.read_reset,
    "prepare": session.read_prepare,
    "execute": session.read_execute,
    "declare": session.read_declare,
    "call": session.read_call,
    **dict.fromkeys(
        ("begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"),
        session.read_transaction,
    ),
    **dict.fromkeys(
        (
            "fetch",
            "move",
            "close",
            "listen",
            "unlisten",
            "notify",
            "deallocate",
            "discard",
            "load",
            "checkpoint",
        ),
        session.read_named,
    ),
}


def read(text: str) -> Reading:
    """What one statement says. `text` is one piece of `split`; comments in it do not matter.

    A text that is not one statement of PostgreSQL's, or is written in a way not known here, comes back with
    `not_understood` set and its kind guessed from its first words.
    """
    try:
        cursor = Cursor(text)
        draft = _statement(cursor)
        if not cursor.done:
            raise cursor.unexpected()
    except NotUnderstood as fault:
        return Reading(_first_words(text), text, not_understood=fault.reason)
    except RecursionError:  # the caller's own stack was deep already
        return Reading(_first_words(text), text, not_understood="nested too deeply")
    return draft.reading(text)


def _statement(cursor: Cursor) -> Draft:
    reader = _READERS.get(cursor.keys[cursor.i])
    if reader is None:
        raise cursor.unexpected("a statement")
    cursor.enter()
    draft = reader(cursor)
    cursor.leave()
    return draft


def _first_words(text: str) -> str:
    """The first two words in lower case, for a statement that was not understood."""
    words: list[str] = []
    for kind, start, end, _ in lexemes(text):
        if kind == "word":
            words.append(text[start:end].lower())
        elif kind not in ("line", "block"):
            break
        if len(words) == 2:
            break
    return " ".join(words)
