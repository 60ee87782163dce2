"""Reads DROP."""

from __future__ import annotations

from alembic_safe.model.facts import Action, Name, ObjectRef
from alembic_safe.sql.cursor import Cursor
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.kinds import CALLABLE, ON_TABLE, read_kind
from alembic_safe.sql.statements.create import operator_name
from alembic_safe.sql.statements.routines import read_signature


def read_drop(cursor: Cursor) -> Draft:
    """Any DROP statement; each dropped object has the role "dropped", a trigger's table "on"."""
    cursor.expect("drop")
    kind = read_kind(cursor)
    draft = Draft(f"drop {kind}")
    draft.flag_if(cursor, "concurrently")
    draft.flag_if(cursor, "if", "exists")
    if kind == "owned":
        cursor.expect("by")
        cursor.skip_until(("cascade", "restrict"))
    elif kind in ("cast", "user mapping", "transform"):
        cursor.skip_until(("cascade", "restrict"))
    else:
        while True:
            _object(cursor, draft, kind)
            if not cursor.accept(","):
                break
    if kind == "database" and (cursor.accept("with") or cursor.at("(")):
        cursor.parens()
    if cursor.accept_any(("cascade", "restrict")) == "cascade":
        draft.flags.add("cascade")
    return draft


def _object(cursor: Cursor, draft: Draft, kind: str) -> None:
    if kind == "operator":
        name = operator_name(cursor)
    elif kind in ON_TABLE:
        name = Name(cursor.identifier())
    else:
        name = cursor.name()
    draft.objects.append(ObjectRef(kind, name, "dropped"))
    if kind in CALLABLE and cursor.at("("):
        draft.act(Action("signature", str(name), value=read_signature(cursor)))
    elif kind == "operator" and cursor.at("("):
        cursor.parens()
    if kind in ON_TABLE:
        cursor.expect("on")
        draft.add("table", cursor.name(), "on")
    elif kind in ("operator class", "operator family"):
        cursor.expect("using")
        cursor.identifier()
