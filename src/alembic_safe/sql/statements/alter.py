"""Reads ALTER of everything but tables: forms that kinds share (rename, schema, owner), and their own."""

from __future__ import annotations

from alembic_safe.model.facts import Action, ObjectRef
from alembic_safe.sql.columns import read_default, read_table_constraint
from alembic_safe.sql.cursor import Cursor
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.kinds import CALLABLE, ON_TABLE, RELATIONS, read_kind
from alembic_safe.sql.statements.alter_table import read_actions, read_alter_relation, read_rename
from alembic_safe.sql.statements.create import operator_name, read_owned_by, read_published

_UNNAMED = frozenset({"default privileges", "system", "user mapping"})


def read_alter(cursor: Cursor) -> Draft:
    """Any ALTER statement."""
    cursor.expect("alter")
    kind = read_kind(cursor)
    if kind in RELATIONS and kind != "sequence":
        return read_alter_relation(cursor, kind)
    draft = Draft(f"alter {kind}")
    if kind in _UNNAMED:
        cursor.rest()
        return draft
    if kind == "large object":
        cursor.i += 1
        if not _shared(cursor, draft):
            raise cursor.unexpected("an action")
        return draft
    draft.flag_if(cursor, "if", "exists")
    target = _target(cursor, draft, kind)
    if not _shared(cursor, draft):
        _own(cursor, draft, kind, target)
    return draft


def _target(cursor: Cursor, draft: Draft, kind: str) -> ObjectRef:
    name = operator_name(cursor) if kind == "operator" else cursor.name()
    target = draft.add(kind, name, "altered")
    if kind in CALLABLE | {"operator"} and cursor.at("("):
        cursor.parens()
    elif kind in ("operator class", "operator family"):
        cursor.expect("using")
        cursor.identifier()
    elif kind in ON_TABLE:
        cursor.expect("on")
        draft.add("table", cursor.name(), "on")
    return target


def _shared(cursor: Cursor, draft: Draft) -> bool:
    """RENAME, SET SCHEMA, OWNER TO, DEPENDS ON EXTENSION."""
    if cursor.accept("rename"):
        draft.act(read_rename(cursor))
    elif cursor.accept("set", "schema"):
        draft.act(Action("set schema", value=cursor.identifier()))
    elif cursor.accept("owner", "to"):
        draft.act(Action("owner to", value=cursor.skip_until(())))
    elif cursor.at("depends", "on", "extension") or cursor.at("no", "depends", "on", "extension"):
        cursor.rest()
        draft.act(Action("depends on extension"))
    else:
        return False
    return True


def _own(cursor: Cursor, draft: Draft, kind: str, target: ObjectRef) -> None:
    if kind == "type":
        _type(cursor, draft)
    elif kind == "domain":
        _domain(cursor, draft)
    elif kind == "sequence":
        _sequence(cursor, draft)
    elif kind == "publication":
        _publication(cursor, draft)
    elif kind == "extension" and cursor.at("update"):
        draft.act(Action("options", value=cursor.rest()))
        draft.not_understood = "runs the extension's own update script, which is not read"
    elif kind == "subscription" and cursor.at("refresh", "publication"):
        draft.act(Action("refresh publication", value=cursor.rest()))
    else:
        draft.act(Action("options", value=cursor.rest()))


def _type(cursor: Cursor, draft: Draft) -> None:
    if cursor.accept("add", "value"):
        flags = frozenset({"if not exists"} if cursor.accept("if", "not", "exists") else ())
        value = cursor.string()
        if cursor.accept_any(("before", "after")):
            cursor.string()
            flags |= {"positioned"}
        draft.act(Action("add value", value, flags=flags))
    elif cursor.at("set", "("):
        draft.act(Action("options", value=cursor.rest()))
    else:
        read_actions(cursor, draft, "type")


def _domain(cursor: Cursor, draft: Draft) -> None:
    if cursor.accept("add"):
        if cursor.at("not", "null"):
            cursor.i += 2
            draft.act(Action("set not null"))
            return
        start = cursor.i
        if cursor.accept("constraint") and cursor.identifier() and cursor.accept("not", "null"):
            draft.act(Action("set not null"))
            return
        cursor.i = start
        constraint = read_table_constraint(cursor)
        draft.act(Action("add constraint", constraint.name, constraint=constraint))
    elif cursor.accept("drop", "constraint"):
        flags = {"if exists"} if cursor.accept("if", "exists") else set()
        name = cursor.identifier()
        flags |= {"cascade"} & {cursor.accept_any(("cascade", "restrict"))}
        draft.act(Action("drop constraint", name, flags=frozenset(flags)))
    elif cursor.accept("validate", "constraint"):
        draft.act(Action("validate constraint", cursor.identifier()))
    elif cursor.accept("set", "not", "null"):
        draft.act(Action("set not null"))
    elif cursor.accept("drop", "not", "null"):
        draft.act(Action("drop not null"))
    elif cursor.accept("drop", "default"):
        draft.act(Action("drop default"))
    else:
        cursor.expect("set", "default")
        draft.act(Action("set default", expression=read_default(cursor)))


def _sequence(cursor: Cursor, draft: Draft) -> None:
    if cursor.accept("set", "logged") or cursor.accept("set", "unlogged"):
        draft.act(Action(f"set {cursor.keys[cursor.i - 1]}"))
        return
    start = cursor.i
    while not cursor.done:
        if cursor.accept("owned", "by"):
            read_owned_by(cursor, draft)
        else:
            cursor.i += 1
    draft.act(Action("options", value=cursor.slice(start, cursor.i)))


def _publication(cursor: Cursor, draft: Draft) -> None:
    verb = cursor.accept_any(("add", "set", "drop"))
    if not verb:
        raise cursor.unexpected("an action")
    if verb == "set" and cursor.at("("):
        start, end = cursor.parens()
        draft.act(Action("options", value=cursor.slice(start, end)))
    else:
        draft.act(Action(f"{verb} published"))
        read_published(cursor, draft)
