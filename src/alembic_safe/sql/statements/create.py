"""Reads CREATE: what comes before the object's kind, and every kind without a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from alembic_safe.model.facts import Action, Name, ObjectRef, Reading
from alembic_safe.sql.columns import read_column, read_domain_constraints
from alembic_safe.sql.cursor import Cursor
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.kinds import read_kind
from alembic_safe.sql.outputs import mentioned, note_query
from alembic_safe.sql.shapes import note_options, note_shape
from alembic_safe.sql.statements.create_index import read_create_index
from alembic_safe.sql.statements.create_table import read_create_as_query, read_create_table
from alembic_safe.sql.statements.query import read_query
from alembic_safe.sql.statements.routines import read_routine
from alembic_safe.sql.types import read_type

_BEFORE = frozenset({"global", "local", "temp", "temporary", "unlogged", "unique", "recursive", "default"})


def read_create(cursor: Cursor) -> Draft:
    """Any CREATE statement."""
    cursor.expect("create")
    draft = Draft("create")
    draft.flag_if(cursor, "or", "replace")
    while word := cursor.accept_any(_BEFORE):
        draft.flags.add("temporary" if word == "temp" else word)
    draft.flags -= {"global", "local"}
    if cursor.at("constraint", "trigger"):
        draft.flags.add("constraint")
    kind = read_kind(cursor)
    draft.kind = f"create {kind}"
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(cursor, draft)
    return _other(cursor, draft, kind)


def _other(cursor: Cursor, draft: Draft, kind: str) -> Draft:
    """Kinds whose options neither lock nor hold anything: the name, and the rest as it is."""
    draft.flag_if(cursor, "if", "not", "exists")
    if kind in _UNNAMED:
        cursor.rest()
        return draft
    if kind == "operator":
        draft.add(kind, operator_name(cursor), "created")
    else:
        draft.add(kind, cursor.name(), "created")
    cursor.rest()
    return draft


_UNNAMED = frozenset({"cast", "transform", "user mapping"})


def operator_name(cursor: Cursor) -> Name:
    """`[schema.]===`: the characters up to a bracket or a word."""
    schema = None
    while cursor.at_name() and cursor.keys[cursor.i + 1] == ".":
        schema = cursor.identifier()
        cursor.expect(".")
    start = cursor.i
    while not cursor.done and cursor.keys[cursor.i] in _OPERATOR_CHARACTERS:
        cursor.i += 1
    if start == cursor.i:
        raise cursor.unexpected("an operator")
    return Name(cursor.slice(start, cursor.i).replace(" ", ""), schema)


_OPERATOR_CHARACTERS = frozenset("+-*/<>=~!@#%^&|?`")


def _table(cursor: Cursor, draft: Draft) -> Draft:
    return read_create_table(cursor, draft)


def _foreign_table(cursor: Cursor, draft: Draft) -> Draft:
    return read_create_table(cursor, draft, "foreign table")


def _view(cursor: Cursor, draft: Draft) -> Draft:
    draft.add("view", cursor.name(), "created")
    recursive = "recursive" in draft.flags
    if cursor.at("("):
        draft.act(Action("view columns", value=cursor.slice(*cursor.parens())))
    if cursor.accept("with"):
        note_options(cursor, draft.actions, *cursor.parens())
    cursor.skip_until(("as",))
    cursor.expect("as")
    start = cursor.i
    if recursive:
        _recursive_view(cursor, draft)
    else:
        read_query(cursor, draft)
    note_query(cursor, draft.actions, start, cursor.i)
    note_shape(cursor, draft.actions, start, cursor.i)
    return draft


def _recursive_view(cursor: Cursor, draft: Draft) -> None:
    """The view's own name is a common table expression inside its query."""
    own = draft.objects[0].name
    read_query(cursor, draft)
    draft.objects = [o for o in draft.objects if o.role != "read" or o.name != Name(own.name)]


def _materialized_view(cursor: Cursor, draft: Draft) -> Draft:
    draft.flag_if(cursor, "if", "not", "exists")
    draft.add("materialized view", cursor.name(), "created")
    cursor.skip_until(("as",))
    cursor.expect("as")
    start = cursor.i
    read_create_as_query(cursor, draft)
    note_query(cursor, draft.actions, start, cursor.i)
    return draft


def _sequence(cursor: Cursor, draft: Draft) -> Draft:
    draft.flag_if(cursor, "if", "not", "exists")
    draft.add("sequence", cursor.name(), "created")
    while not cursor.done:
        if cursor.accept("owned", "by"):
            read_owned_by(cursor, draft)
        else:
            cursor.i += 1
    return draft


def read_owned_by(cursor: Cursor, draft: Draft) -> None:
    """A sequence's owner: NONE, or a table's column."""
    if cursor.accept("none"):
        draft.act(Action("owned by"))
        return
    parts = [cursor.identifier()]
    while cursor.accept("."):
        parts.append(cursor.identifier())
    if len(parts) >= 2:
        table = Name(parts[-2], parts[-3] if len(parts) > 2 else None)
        draft.act(Action("owned by", parts[-1], object=draft.add("table", table, "used")))


def _schema(cursor: Cursor, draft: Draft) -> Draft:
    draft.flag_if(cursor, "if", "not", "exists")
    if not cursor.at("authorization"):
        draft.add("schema", Name(cursor.identifier()), "created")
    if cursor.accept("authorization"):
        owner = cursor.identifier()
        if not draft.objects:
            draft.add("schema", Name(owner), "created")
    made = draft.objects[0].name.name
    begins: list[int] = []
    while not cursor.done:
        begins.append(cursor.i)
        cursor.accept_any(("create", "grant"))
        cursor.skip_until(("create", "grant"))
    ends = [*begins[1:], cursor.i][: len(begins)]
    elements = [cursor.slice(i, j) for i, j in zip(begins, ends, strict=True)]
    draft.inner += _within(made, [_element(text) for text in elements])
    return draft


def _element(text: str) -> Reading:
    """One of what CREATE SCHEMA makes besides; a GRANT there is of what is as new as the schema."""
    cursor = Cursor(text)
    if cursor.accept("grant"):
        return Reading("grant", text)
    draft = read_create(cursor)
    if not cursor.done:
        raise cursor.unexpected()
    return draft.reading(text)


def _within(schema: str, elements: list[Reading]) -> list[Reading]:
    """What they make is in the schema, and so is what they name of that."""
    made = {o.name.name for one in elements for o in one.objects if o.role == "created"}

    def placed(ref: ObjectRef) -> ObjectRef:
        here = ref.name.schema is None and ref.name.name in made
        return replace(ref, name=Name(ref.name.name, schema)) if here else ref

    return [replace(one, objects=tuple(map(placed, one.objects))) for one in elements]


def _type(cursor: Cursor, draft: Draft) -> Draft:
    draft.add("type", cursor.name(), "created")
    if cursor.accept("as", "enum"):
        cursor.expect("(")
        while not cursor.accept(")"):
            draft.act(Action("enum value", cursor.string()))
            cursor.accept(",")
    elif cursor.at("as", "("):
        cursor.i += 2
        while not cursor.accept(")"):
            column = read_column(cursor)
            draft.act(Action("attribute", column.name, column=column))
            cursor.accept(",")
    else:
        cursor.accept("as", "range")
        if cursor.at("("):
            cursor.parens()
    return draft


def _domain(cursor: Cursor, draft: Draft) -> Draft:
    draft.add("domain", cursor.name(), "created")
    cursor.accept("as")
    type_ = read_type(cursor)
    draft.act(Action("domain", type=type_, column=read_domain_constraints(cursor, type_)))
    return draft


def _aggregate(cursor: Cursor, draft: Draft) -> Draft:
    draft.add("aggregate", cursor.name(), "created")
    cursor.parens()
    cursor.rest()
    return draft


def _trigger(cursor: Cursor, draft: Draft) -> Draft:
    name = cursor.identifier()
    start = cursor.i
    cursor.skip_until(("on",))
    if "of" in cursor.keys[start : cursor.i]:
        _note_columns(cursor, draft, cursor.keys.index("of", start), cursor.i)
    cursor.expect("on")
    table = cursor.name()
    draft.add("trigger", Name(name), "created")
    draft.add("table", table, "on")
    if cursor.accept("from"):
        draft.add("table", cursor.name(), "referenced")
    if "row" in cursor.skip_until(("when", "execute")).lower().split():
        draft.flags.add("for each row")
    start = cursor.i
    cursor.skip_until(("execute",))
    _note_columns(cursor, draft, start, cursor.i)
    cursor.expect("execute")
    if not cursor.accept("procedure"):
        cursor.expect("function")
    draft.add("function", cursor.name(), "used")
    cursor.parens()
    return draft


def _rule(cursor: Cursor, draft: Draft) -> Draft:
    draft.add("rule", Name(cursor.identifier()), "created")
    cursor.expect("as", "on")
    cursor.word()
    cursor.expect("to")
    draft.add("table", cursor.name(), "on")
    _rest_of_columns(cursor, draft)
    return draft


def _note_columns(cursor: Cursor, draft: Draft, start: int, end: int) -> None:
    """What may be the table's columns in these tokens."""
    draft.actions += [Action("uses", column) for _, column in mentioned(cursor, start, end)]


def _rest_of_columns(cursor: Cursor, draft: Draft) -> None:
    start = cursor.i
    cursor.rest()
    _note_columns(cursor, draft, start, cursor.i)


def _policy(cursor: Cursor, draft: Draft) -> Draft:
    draft.add("policy", Name(cursor.identifier()), "created")
    cursor.expect("on")
    draft.add("table", cursor.name(), "on")
    _rest_of_columns(cursor, draft)
    return draft


def _extension(cursor: Cursor, draft: Draft) -> Draft:
    draft.flag_if(cursor, "if", "not", "exists")
    draft.add("extension", Name(cursor.identifier()), "created")
    while not cursor.done:
        if not draft.flag_if(cursor, "cascade"):
            cursor.i += 1
    return draft


def _publication(cursor: Cursor, draft: Draft) -> Draft:
    draft.add("publication", Name(cursor.identifier()), "created")
    if cursor.accept("for"):
        read_published(cursor, draft)
    cursor.rest()
    return draft


def read_published(cursor: Cursor, draft: Draft) -> None:
    """ALL TABLES, TABLE lists and TABLES IN SCHEMA."""
    if cursor.accept("all", "tables"):
        draft.flags.add("all tables")
        return
    while True:
        if cursor.accept("tables", "in", "schema"):
            draft.flags.add("tables in schema")
            cursor.skip_until((",", "with"))
            while cursor.accept(","):
                if cursor.at("table") or cursor.at("tables", "in"):
                    break
                cursor.skip_until((",", "with"))
            else:
                return
            continue
        if not cursor.accept("table"):
            return
        while True:
            cursor.accept("only")
            inside = cursor.accept("(")
            draft.add("table", cursor.name(), "used")
            if inside:
                cursor.expect(")")
            cursor.accept("*")
            if cursor.at("("):
                cursor.parens()
            if cursor.accept("where"):
                cursor.parens()
            if not cursor.accept(",") or cursor.at("table") or cursor.at("tables", "in"):
                break


def _statistics(cursor: Cursor, draft: Draft) -> Draft:
    draft.flag_if(cursor, "if", "not", "exists")
    if not cursor.at("(") and not cursor.at("on"):
        draft.add("statistics", cursor.name(), "created")
    cursor.skip_until(("from",))
    cursor.expect("from")
    draft.add("table", cursor.name(), "on")
    cursor.rest()
    return draft


_READERS: dict[str, Callable[[Cursor, Draft], Draft]] = {
    "table": _table,
    "foreign table": _foreign_table,
    "index": read_create_index,
    "view": _view,
    "materialized view": _materialized_view,
    "sequence": _sequence,
    "schema": _schema,
    "type": _type,
    "domain": _domain,
    "trigger": _trigger,
    "rule": _rule,
    "policy": _policy,
    "extension": _extension,
    "publication": _publication,
    "statistics": _statistics,
    **dict.fromkeys(("function", "procedure"), read_routine),
    "aggregate": _aggregate,
}
