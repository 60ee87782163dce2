"""Reads what concerns the session and its transaction: BEGIN, SET, PREPARE, cursors, LISTEN."""

from __future__ import annotations

from alembic_safe.model.facts import Action
from alembic_safe.sql.cursor import Cursor
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.statements.query import QUERY_WORDS, read_query
from alembic_safe.sql.words import words

_TRANSACTION = {
    "begin": "begin",
    "start": "start transaction",
    "commit": "commit",
    "end": "commit",
    "rollback": "rollback",
    "abort": "rollback",
    "savepoint": "savepoint",
    "release": "release",
}


def read_transaction(cursor: Cursor) -> Draft:
    """BEGIN, COMMIT, ROLLBACK [TO], SAVEPOINT, RELEASE and the two-phase forms."""
    word = cursor.word()
    draft = Draft(_TRANSACTION[word])
    if word in ("commit", "rollback") and cursor.accept("prepared"):
        draft.kind = f"{word} prepared"
        cursor.string()
        return draft
    if word == "start":
        cursor.expect("transaction")
    elif word in ("savepoint", "release"):
        if word == "release":
            cursor.accept("savepoint")
        draft.act(Action("savepoint", cursor.identifier()))
        return draft
    cursor.accept_any(("work", "transaction"))
    if word in ("rollback", "abort") and cursor.accept("to"):
        cursor.accept("savepoint")
        draft.kind = "rollback to savepoint"
        draft.act(Action("savepoint", cursor.identifier()))
    elif cursor.accept("and", "chain"):
        draft.flags.add("chain")
    elif not cursor.accept("and", "no", "chain"):
        _modes(cursor, draft)
    return draft


_MODES = words(
    "isolation level serializable repeatable read committed uncommitted only write not deferrable ,"
)


def _modes(cursor: Cursor, draft: Draft) -> None:
    """Transaction modes, as one flag "modes"."""
    while cursor.accept_any(_MODES):
        draft.flags.add("modes")


def read_set(cursor: Cursor) -> Draft:
    """SET in all its forms. The action "set" has the setting's name and its value as written."""
    cursor.expect("set")
    draft = Draft("set")
    scope = cursor.accept_any(("local", "session")) if not cursor.at("session", "authorization") else ""
    if scope == "session" and cursor.accept("characteristics", "as", "transaction"):
        draft.act(Action("set", "session characteristics", value=cursor.rest()))
        return draft
    if scope == "local":
        draft.flags.add("local")
    if cursor.accept("constraints"):
        return _constraints(cursor)
    if cursor.accept("transaction"):
        draft.act(Action("set", "transaction", value=cursor.rest()))
        return draft
    special = _special_setting(cursor)
    name = special or _setting(cursor)
    if not special and not cursor.accept("to"):
        cursor.expect("=")
    if cursor.done:
        raise cursor.unexpected("a value")
    draft.act(Action("set", name, value=cursor.rest()))
    return draft


def _special_setting(cursor: Cursor) -> str:
    for phrase, name in (
        ("time zone", "timezone"),
        ("session authorization", "session_authorization"),
        ("xml option", "xmloption"),
        ("role", "role"),
        ("names", "client_encoding"),
        ("schema", "search_path"),
        ("catalog", "catalog"),
        ("seed", "seed"),
    ):
        if cursor.at(*phrase.split()) and cursor.keys[cursor.i + len(phrase.split())] not in ("=", "to", "."):
            cursor.accept(*phrase.split())
            return name
    return ""


def _setting(cursor: Cursor) -> str:
    name = cursor.identifier()
    while cursor.accept("."):
        name += "." + cursor.identifier()
    return name.lower()


def _constraints(cursor: Cursor) -> Draft:
    draft = Draft("set constraints")
    if not cursor.accept("all"):
        while True:
            draft.act(Action("constraint", str(cursor.name())))
            if not cursor.accept(","):
                break
    draft.flags.add(cursor.word())
    return draft


def read_reset(cursor: Cursor) -> Draft:
    """RESET and SHOW."""
    draft = Draft(cursor.word())
    if cursor.accept("session", "authorization"):
        name = "session_authorization"
    elif cursor.accept("time", "zone"):
        name = "timezone"
    elif cursor.accept("transaction", "isolation", "level"):
        name = "transaction_isolation"
    else:
        name = _setting(cursor)
    draft.act(Action(draft.kind, name))
    return draft


def read_prepare(cursor: Cursor) -> Draft:
    """PREPARE name AS query, and PREPARE TRANSACTION."""
    cursor.expect("prepare")
    if cursor.accept("transaction"):
        draft = Draft("prepare transaction")
        cursor.string()
        return draft
    draft = Draft("prepare")
    draft.act(Action("prepare", cursor.identifier()))
    if cursor.at("("):
        cursor.parens()
    cursor.expect("as")
    read_query(cursor, draft)
    return draft


def read_execute(cursor: Cursor) -> Draft:
    """EXECUTE: what was prepared may be anything, so it is marked."""
    cursor.expect("execute")
    draft = Draft("execute")
    draft.act(Action("execute", cursor.identifier()))
    if cursor.at("("):
        cursor.parens()
    draft.not_understood = "runs a prepared statement, which is not looked up"
    return draft


def read_declare(cursor: Cursor) -> Draft:
    """DECLARE name CURSOR ... FOR query."""
    cursor.expect("declare")
    draft = Draft("declare cursor")
    draft.act(Action("declare", cursor.identifier()))
    cursor.skip_until(("for",))
    cursor.expect("for")
    if cursor.keys[cursor.i] not in QUERY_WORDS | {"("}:
        raise cursor.unexpected("a query")
    read_query(cursor, draft)
    return draft


def read_named(cursor: Cursor) -> Draft:
    """FETCH, MOVE, CLOSE, LISTEN, NOTIFY, DEALLOCATE, DISCARD, LOAD, CHECKPOINT: no table is touched."""
    word = cursor.word()
    kind = {"close": "close cursor"}.get(word, word)
    draft = Draft(kind)
    if word in ("listen", "unlisten", "notify", "close", "deallocate") and cursor.at_name():
        cursor.accept("prepare")
        draft.act(Action(word, cursor.identifier()))
    elif word == "discard":
        cursor.i += 1
        draft.kind = f"discard {cursor.keys[cursor.i - 1]}".replace("temporary", "temp")
        if draft.kind == "discard all":
            draft.act(Action("reset", "all"))
    cursor.rest()
    return draft


def read_call(cursor: Cursor) -> Draft:
    """CALL procedure(...): its body may do anything, and may commit."""
    cursor.expect("call")
    draft = Draft("call")
    name = cursor.name()
    draft.add("procedure", name, "used")
    draft.act(Action("call", str(name), value=cursor.slice(*cursor.parens())))
    return draft
