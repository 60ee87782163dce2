"""Reads ALTER TABLE and the actions it shares with ALTER INDEX, VIEW, SEQUENCE, FOREIGN TABLE and TYPE."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Action, ObjectRef
from alembic_safe.sql.columns import at_table_constraint, read_column, read_table_constraint
from alembic_safe.sql.cursor import Cursor
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.statements.alter_column import read_alter_column

# Actions of fixed words, with what follows: "" nothing, "name", "value" (anything up to the comma),
# "group" a bracket.
_FIXED: tuple[tuple[str, str, str], ...] = (
    ("owner to", "owner to", "value"),
    ("cluster on", "cluster on", "name"),
    ("set without cluster", "set without cluster", ""),
    ("set without oids", "set without oids", ""),
    ("set logged", "set logged", ""),
    ("set unlogged", "set unlogged", ""),
    ("set access method", "set access method", "name"),
    ("set tablespace", "set tablespace", "tablespace"),
    ("reset", "reset parameters", "group"),
    ("enable row level security", "enable row security", ""),
    ("disable row level security", "disable row security", ""),
    ("force row level security", "force row security", ""),
    ("no force row level security", "no force row security", ""),
    ("enable replica trigger", "enable replica trigger", "name"),
    ("enable always trigger", "enable always trigger", "name"),
    ("enable trigger", "enable trigger", "name"),
    ("disable trigger", "disable trigger", "name"),
    ("enable replica rule", "enable replica rule", "name"),
    ("enable always rule", "enable always rule", "name"),
    ("enable rule", "enable rule", "name"),
    ("disable rule", "disable rule", "name"),
    ("not of", "not of", ""),
    ("options", "options", "group"),
    ("validate constraint", "validate constraint", "name"),
)
_BY_FIRST: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
for _words, _kind, _after in _FIXED:
    _BY_FIRST.setdefault(_words.split()[0], []).append((tuple(_words.split()), _kind, _after))


def read_alter_relation(cursor: Cursor, kind: str) -> Draft:
    """ALTER <kind>, from after the kind's words."""
    draft = Draft(f"alter {kind}")
    if cursor.accept("all", "in", "tablespace"):
        return _all_in_tablespace(cursor, draft)
    draft.flag_if(cursor, "if", "exists")
    only = cursor.accept("only")
    inside = only and cursor.accept("(")
    if only:
        draft.flags.add("only")
    target = draft.add(kind, cursor.name(), "altered")
    if inside:
        cursor.expect(")")
    cursor.accept("*")
    if not _single(cursor, draft, target):
        read_actions(cursor, draft, kind)
    return draft


def read_actions(cursor: Cursor, draft: Draft, kind: str) -> None:
    """Actions separated by commas."""
    while True:
        _action(cursor, draft, kind)
        if not cursor.accept(","):
            return


def _all_in_tablespace(cursor: Cursor, draft: Draft) -> Draft:
    draft.act(Action("move all in tablespace", value=cursor.identifier()))
    cursor.skip_until(("set",))
    cursor.expect("set", "tablespace")
    cursor.identifier()
    draft.flag_if(cursor, "nowait")
    return draft


def _single(cursor: Cursor, draft: Draft, target: ObjectRef) -> bool:
    """Forms that stand alone: RENAME, SET SCHEMA, DEPENDS ON EXTENSION, ATTACH, DETACH."""
    if cursor.accept("rename"):
        draft.act(read_rename(cursor))
    elif cursor.accept("set", "schema"):
        draft.act(Action("set schema", value=cursor.identifier()))
    elif cursor.at("depends") or cursor.at("no", "depends"):
        cursor.accept("no")
        cursor.expect("depends", "on", "extension")
        draft.act(Action("depends on extension", value=cursor.identifier()))
    elif cursor.accept("attach", "partition"):
        _attach(cursor, draft, target)
    elif cursor.accept("detach", "partition"):
        part = draft.add(target.kind, cursor.name(), "partition")
        flags = {word for word in ("concurrently", "finalize") if cursor.accept(word)}
        kind = "detach partition finalize" if "finalize" in flags else "detach partition"
        draft.flags |= flags - {"finalize"}
        draft.act(Action(kind, part.name.name, object=part, flags=frozenset(flags)))
    else:
        return False
    return True


def read_rename(cursor: Cursor) -> Action:
    """What follows RENAME."""
    if cursor.accept("to"):
        return Action("rename", new_name=cursor.identifier())
    for word in ("constraint", "attribute", "value"):
        if cursor.at(word) and not cursor.at(word, "to"):
            cursor.i += 1
            name = cursor.string() if word == "value" else cursor.identifier()
            cursor.expect("to")
            new = cursor.string() if word == "value" else cursor.identifier()
            action = Action(f"rename {word}", name, new)
            break
    else:
        if not cursor.at("column", "to"):
            cursor.accept("column")
        name = cursor.identifier()
        cursor.expect("to")
        action = Action("rename column", name, cursor.identifier())
    cursor.accept_any(("cascade", "restrict"))
    return action


def _attach(cursor: Cursor, draft: Draft, target: ObjectRef) -> None:
    part = draft.add(target.kind, cursor.name(), "partition")
    bound = read_bound(cursor)
    draft.act(Action("attach partition", part.name.name, object=part, value=bound))


def read_bound(cursor: Cursor) -> str | None:
    """FOR VALUES ... or DEFAULT, as written; None where none stands (an index's partition has none)."""
    if cursor.accept("default"):
        return "default"
    if not cursor.accept("for", "values"):
        return None
    start = cursor.i
    for word in ("in", "from", "with"):
        if cursor.accept(word):
            cursor.parens()
            if word == "from":
                cursor.expect("to")
                cursor.parens()
            return cursor.slice(start, cursor.i)
    raise cursor.unexpected("a partition bound")


def _action(cursor: Cursor, draft: Draft, kind: str) -> None:
    first = cursor.keys[cursor.i]
    special = _SPECIAL.get(first)
    if special is not None and special(cursor, draft, kind):
        return
    for words, action, after in _BY_FIRST.get(first, ()):
        if cursor.accept(*words):
            draft.act(_fixed(cursor, action, after))
            return
    raise cursor.unexpected("an action")


def _fixed(cursor: Cursor, action: str, after: str) -> Action:
    if after == "name":
        return Action(action, cursor.identifier())
    if after == "tablespace":
        value = cursor.identifier()
        cursor.accept("nowait")
        return Action(action, value=value)
    if after == "value":
        return Action(action, value=cursor.skip_until((",",)))
    if after == "group":
        start, end = cursor.parens()
        return Action(action, value=cursor.slice(start, end))
    return Action(action)


def _add(cursor: Cursor, draft: Draft, kind: str) -> bool:
    cursor.expect("add")
    if kind == "type":
        cursor.expect("attribute")
        column = read_column(cursor)
        draft.act(Action("add attribute", column.name, column=column))
        _behavior(cursor, draft)
        return True
    if at_table_constraint(cursor):
        constraint = read_table_constraint(cursor)
        if constraint.references is not None:
            draft.add("table", constraint.references, "referenced")
        if constraint.using_index is not None:
            schema = draft.objects[0].name.schema
            draft.add("index", type(draft.objects[0].name)(constraint.using_index, schema), "index")
        draft.act(Action("add constraint", constraint.name, constraint=constraint))
        return True
    if not (cursor.at("column") and cursor.keys[cursor.i + 1] in ("", ",")):
        cursor.accept("column")
    flags = frozenset({"if not exists"} if cursor.accept("if", "not", "exists") else ())
    column = read_column(cursor)
    for constraint in column.constraints:
        if constraint.references is not None:
            draft.add("table", constraint.references, "referenced")
    draft.act(Action("add column", column.name, column=column, flags=flags))
    return True


def _drop(cursor: Cursor, draft: Draft, kind: str) -> bool:
    cursor.expect("drop")
    thing = "column"
    if kind == "type":
        cursor.expect("attribute")
        thing = "attribute"
    elif cursor.accept("constraint"):
        thing = "constraint"
    elif not cursor.at("column", ","):
        cursor.accept("column")
    flags = {"if exists"} if cursor.accept("if", "exists") else set()
    name = cursor.identifier()
    behavior = cursor.accept_any(("cascade", "restrict"))
    flags |= {"cascade"} & {behavior}
    if kind == "type":
        draft.flags |= flags & {"cascade"}
    draft.act(Action(f"drop {thing}", name, flags=frozenset(flags)))
    return True


def _behavior(cursor: Cursor, draft: Draft) -> None:
    if cursor.accept_any(("cascade", "restrict")) == "cascade":
        draft.flags.add("cascade")


def _alter(cursor: Cursor, draft: Draft, kind: str) -> bool:
    cursor.expect("alter")
    if cursor.accept("constraint"):
        name = cursor.identifier()
        start = cursor.i
        cursor.skip_until((",",))
        draft.act(Action("alter constraint", name, value=cursor.slice(start, cursor.i)))
        return True
    if kind == "type":
        cursor.expect("attribute")
        action = read_alter_column(cursor)
        _behavior(cursor, draft)
        draft.act(Action("alter attribute type", action.name, type=action.type))
        return True
    cursor.accept("column")  # a reserved word: no column is called that without quotes
    draft.act(read_alter_column(cursor))
    return True


def _inherit(cursor: Cursor, draft: Draft, kind: str) -> bool:
    negative = cursor.accept("no")
    if not cursor.accept("inherit"):
        cursor.i -= negative
        return False
    parent = draft.add(kind, cursor.name(), "parent")
    draft.act(Action("no inherit" if negative else "inherit", object=parent))
    return True


def _of(cursor: Cursor, draft: Draft, kind: str) -> bool:
    cursor.expect("of")
    draft.act(Action("of", object=draft.add("type", cursor.name(), "used")))
    return True


def _set(cursor: Cursor, draft: Draft, kind: str) -> bool:
    if not cursor.at("set", "("):
        return False
    cursor.i += 1
    start, end = cursor.parens()
    draft.act(Action("set parameters", value=cursor.slice(start, end)))
    return True


def _replica(cursor: Cursor, draft: Draft, kind: str) -> bool:
    cursor.expect("replica", "identity")
    if cursor.accept("using", "index"):
        draft.act(Action("replica identity", cursor.identifier(), value="index"))
    else:
        draft.act(Action("replica identity", value=cursor.word()))
    return True


_SPECIAL: dict[str, Callable[[Cursor, Draft, str], bool]] = {
    "add": _add,
    "drop": _drop,
    "alter": _alter,
    "inherit": _inherit,
    "no": _inherit,
    "of": _of,
    "set": _set,
    "replica": _replica,
}
