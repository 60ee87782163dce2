"""The schema model for SQLite: triggers stand in it like views, with the tables that their bodies name."""

from __future__ import annotations

from dataclasses import replace

from alembic_safe.model.catalog import Catalog
from alembic_safe.model.facts import Name, Reading
from alembic_safe.sql.schema.model import Schema, TableState, key
from alembic_safe.sql.schema.replay import apply as apply_plain
from alembic_safe.sql.schema.seeding import seeded as seeded_plain
from alembic_safe.sql.sqlite.reading import read


def apply(schema: Schema, reading: Reading) -> Schema:
    """The schema after the statement."""
    if reading.kind == "create trigger":
        return _with_trigger(schema, reading)
    if reading.kind == "drop trigger":
        return _without(schema, reading)
    if reading.kind == "pragma":
        return _with_pragmas(schema, reading)
    if reading.kind == "drop table":
        for gone in reading.objects:
            schema = _without_triggers(schema, gone.name.name)
    schema = apply_plain(schema, reading)
    renamed = next((a.new_name for a in reading.actions if a.kind == "rename" and a.new_name), None)
    if reading.kind == "alter table" and renamed and reading.target is not None:
        return _followed(schema, reading.target.name.name, renamed)
    return schema


def seeded(catalog: Catalog) -> Schema:
    """The schema of a file: what its pragmas tell, and what only the texts in sqlite_master say."""
    schema = seeded_plain(catalog)
    for text in catalog.definitions:
        reading = read(text)
        if reading.kind in ("create table", "create view", "create index", "create trigger"):
            schema = apply(_forgotten(schema, reading), reading)
    return replace(schema, others={})


def _forgotten(schema: Schema, reading: Reading) -> Schema:
    """Without an index of this name, which is entered only once."""
    target = reading.target
    if reading.kind != "create index" or target is None or reading.not_understood:
        return schema
    return replace(schema, indexes={k: v for k, v in schema.indexes.items() if k != key(target.name)})


def _with_pragmas(schema: Schema, reading: Reading) -> Schema:
    """What is set holds for the connection, and so for the revisions after it."""
    for action in reading.actions:
        if action.value is not None:
            kind = f"pragma {action.name}"
            kept = {k: v for k, v in schema.others.items() if k[0] != kind}
            schema = replace(schema, others={**kept, (kind, Name(action.value)): schema.clock})
    return schema


def _with_trigger(schema: Schema, reading: Reading) -> Schema:
    target = reading.target
    on = next((o.name for o in reading.objects if o.role == "on"), None)
    if target is None or on is None:
        return schema
    used = tuple(o.name for o in reading.objects if o.role == "used")
    made = TableState(target.name, "trigger", parents=(on,), reads=used, complete=False, born=schema.clock)
    return schema.with_table(made)


def _without(schema: Schema, reading: Reading) -> Schema:
    for gone in reading.objects:
        known = schema.table(gone.name)
        if known is not None and known.kind == "trigger":
            schema = schema.without_table(gone.name)
    return schema


def _without_triggers(schema: Schema, table: str) -> Schema:
    for trigger in schema.triggers_of(table):
        schema = schema.without_table(trigger.name)
    return schema


def _followed(schema: Schema, old: str, new: str) -> Schema:
    """Views and triggers name the table by its new name (sqlite.org/lang_altertable.html, since 3.25)."""

    def follow(name: Name) -> Name:
        return replace(name, name=new) if name.name == old else name

    tables = dict(schema.tables)
    for name, state in tables.items():
        if state.kind in ("view", "trigger"):
            tables[name] = replace(
                state, reads=tuple(map(follow, state.reads)), parents=tuple(map(follow, state.parents))
            )
    return replace(schema, tables=tables)
