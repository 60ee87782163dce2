"""Reads GRANT, REVOKE, COMMENT, SECURITY LABEL, REASSIGN OWNED and IMPORT FOREIGN SCHEMA."""

from __future__ import annotations

from alembic_safe.model.facts import Action, Name
from alembic_safe.sql.cursor import Cursor
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.kinds import CALLABLE, ON_TABLE, read_kind
from alembic_safe.sql.statements.create import operator_name

_GRANTABLE = frozenset({"table", "sequence", "schema", "function", "procedure", "routine", "type", "domain"})

_EVERY = ("select", "insert", "update", "delete", "truncate", "references", "trigger")


def read_grant(cursor: Cursor) -> Draft:
    """GRANT and REVOKE, of privileges and of roles."""
    word = cursor.word()
    draft = Draft(word)
    if word == "revoke" and cursor.at(cursor.keys[cursor.i], "option", "for"):
        cursor.i += 3
    privileges = cursor.skip_until(("on", "to", "from"))
    if not cursor.accept("on"):
        draft.kind = f"{word} role"
        draft.act(Action(word, value=privileges))
        cursor.rest()
        return draft
    draft.act(Action(word, value=privileges))
    if cursor.accept("all"):
        draft.flags.add(f"all {cursor.word()} in schema")
    else:
        _objects(cursor, draft)
    cursor.skip_until(("to", "from"))
    if cursor.accept_any(("to", "from")):
        _grantees(cursor, draft, privileges)
    cursor.rest()
    return draft


def _grantees(cursor: Cursor, draft: Draft, privileges: str) -> None:
    """A "right" for each role and privilege; one on some columns counts for those alone."""
    every = privileges.lower().split()[:1] == ["all"]
    each = _EVERY if every else tuple(" ".join(one.split()) for one in privileges.lower().split(","))
    while True:
        if cursor.keys[cursor.i + 1] not in ("", ",", "with", "granted", "cascade", "restrict"):
            cursor.accept("group")
        role = cursor.identifier()
        for privilege in each:
            draft.act(Action("right", role, value=privilege))
        if not cursor.accept(","):
            return


def _objects(cursor: Cursor, draft: Draft) -> None:
    kind = "table"
    for candidate in (
        "large",
        "parameter",
        "foreign",
        "language",
        "database",
        "tablespace",
        "type",
        "domain",
    ):
        if cursor.at(candidate) and cursor.keys[cursor.i + 1] not in (",", "to", "from", "."):
            kind = read_kind(cursor)
            break
    else:
        if cursor.keys[cursor.i] in _GRANTABLE and cursor.keys[cursor.i + 1] not in (",", "to", "from", "."):
            kind = read_kind(cursor)
    if kind in ("large object", "parameter"):
        return
    while True:
        draft.add(kind, cursor.name(), "altered")
        if kind in CALLABLE and cursor.at("("):
            cursor.parens()
        if not cursor.accept(","):
            return


def read_comment(cursor: Cursor) -> Draft:
    """COMMENT ON kind name IS text."""
    cursor.expect("comment", "on")
    draft = Draft("comment")
    _labelled(cursor, draft)
    cursor.expect("is")
    if not cursor.accept("null"):
        cursor.string()
    return draft


def read_security_label(cursor: Cursor) -> Draft:
    """SECURITY LABEL [FOR provider] ON kind name IS text."""
    cursor.expect("security", "label")
    draft = Draft("security label")
    if cursor.accept("for"):
        cursor.i += 1
    cursor.expect("on")
    _labelled(cursor, draft)
    cursor.rest()
    return draft


def _labelled(cursor: Cursor, draft: Draft) -> None:
    kind = read_kind(cursor)
    draft.act(Action("on", value=kind))
    if kind in ("cast", "large object", "transform"):
        cursor.skip_until(("is",))
    elif kind == "constraint":
        _constraint(cursor, draft)
    elif kind == "operator":
        draft.add(kind, operator_name(cursor), "altered")
        cursor.skip_until(("is",))
    elif kind == "column":
        parts = [cursor.identifier()]
        while cursor.accept("."):
            parts.append(cursor.identifier())
        if len(parts) < 2:
            raise cursor.unexpected("a table's column")
        draft.add("table", Name(parts[-2], parts[-3] if len(parts) > 2 else None), "altered")
    else:
        name = Name(cursor.identifier()) if kind in ON_TABLE else cursor.name()
        draft.add(kind, name, "altered")
        if kind in ON_TABLE:
            cursor.expect("on")
            draft.add("table", cursor.name(), "on")
        cursor.skip_until(("is",))


def _constraint(cursor: Cursor, draft: Draft) -> None:
    draft.act(Action("constraint", cursor.identifier()))
    cursor.expect("on")
    if cursor.accept("domain"):
        draft.add("domain", cursor.name(), "altered")
    else:
        draft.add("table", cursor.name(), "altered")


def read_reassign(cursor: Cursor) -> Draft:
    """REASSIGN OWNED BY."""
    cursor.expect("reassign", "owned", "by")
    draft = Draft("reassign owned")
    cursor.rest()
    return draft


def read_import(cursor: Cursor) -> Draft:
    """IMPORT FOREIGN SCHEMA ... INTO schema: the tables it makes are known to the other server only."""
    cursor.expect("import", "foreign", "schema")
    draft = Draft("import foreign schema")
    cursor.identifier()
    cursor.skip_until(("from",))
    cursor.expect("from", "server")
    cursor.identifier()
    cursor.expect("into")
    draft.add("schema", Name(cursor.identifier()), "used")
    cursor.rest()
    return draft
