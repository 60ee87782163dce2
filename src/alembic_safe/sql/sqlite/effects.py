"""What a statement does to an SQLite file: no lock but the file's own, what is refused, what is copied whole.

Sources: sqlite.org/lang_altertable.html, lang_createtable.html, omitted.html; held by tests on the library at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from alembic_safe.model.facts import Action, Column, Facts, Name, ObjectRef, Reading, RewriteFact
from alembic_safe.sql.effects import facts_of as facts_elsewhere
from alembic_safe.sql.schema.model import Schema, TableState, key
from alembic_safe.sql.schema.tables import BATCH_COPY, mentioned

_LITERAL = re.compile(
    r"\(?\s*(?:[+-]?\s*(?:\d[\w.]*(?:[eE][+-]?\d+)?|\.\d+)|'(?:[^']|'')*'|x'[0-9a-f]*'|null|true|false)\s*\)?",
    re.IGNORECASE,
)
_KNOWN_ACTIONS = frozenset({"add column", "drop column", "rename column", "rename"})
_MISSING = (
    "create type", "create domain", "create extension", "create function", "create procedure",
    "create sequence", "create schema", "create materialized view", "create policy", "create rule", "create role",
    "create publication", "create subscription", "create aggregate", "create foreign table", "create statistics",
    "alter type", "alter domain", "alter sequence", "alter index", "alter view", "alter schema", "alter function",
    "alter materialized view", "alter role", "alter database", "alter extension", "drop type", "drop domain",
    "drop extension", "drop function", "drop procedure", "drop sequence", "drop schema", "drop materialized view",
    "drop policy", "drop rule", "drop role", "comment", "truncate", "truncate table", "grant", "revoke", "do",
    "lock", "lock table", "set", "reset", "call", "copy", "refresh materialized view", "cluster",
)  # fmt: skip


def facts_of(reading: Reading, version: int, schema: Schema | None = None) -> Facts:
    """The facts of one statement on SQLite 3.35 or newer, with what `schema` knows from before it.

    There are no locks of tables: whoever writes locks the file, as `Facts.rewrites` and the rules say.
    """
    schema = schema or Schema()
    plain = facts_elsewhere(reading, version, schema)
    return replace(
        plain,
        locks=(),
        scans=(),
        rewrites=tuple(_copied(reading)),
        fails=_fails(reading, schema),
        refuses_transaction=reading.kind == "vacuum",
        doubts=(),
    )


def _copied(reading: Reading) -> Iterator[RewriteFact]:
    """Alembic's batch mode fills a copy of the table, drops the table and renames the copy."""
    target = reading.target
    if reading.kind == "insert" and target is not None and target.name.name.startswith(BATCH_COPY):
        table = Name(target.name.name.removeprefix(BATCH_COPY), target.name.schema)
        yield RewriteFact(ObjectRef("table", table, "read"), "batch mode copies every row into a new table")


def _fails(reading: Reading, schema: Schema) -> str:
    if reading.not_understood:
        return ""
    if reading.kind in _MISSING:
        return f"SQLite has no {reading.kind.upper()}"
    if "concurrently" in reading.flags:
        return "SQLite has no CONCURRENTLY"
    if "cascade" in reading.flags and reading.kind.startswith("drop "):
        return "SQLite has no CASCADE of a DROP"
    if reading.kind != "alter table" or reading.target is None:
        return ""
    if "if exists" in reading.flags or any(a.flags & {"if exists", "if not exists"} for a in reading.actions):
        return "SQLite's ALTER TABLE has no IF EXISTS"
    if len(reading.actions) > 1:
        return "SQLite's ALTER TABLE does one thing at a time"
    table = reading.target.name
    return next((why for a in reading.actions if (why := _action_fails(schema, table, a))), "")


def _action_fails(schema: Schema, table: Name, action: Action) -> str:
    if action.kind not in _KNOWN_ACTIONS:
        return f"SQLite's ALTER TABLE has no {action.kind.upper()}"
    if action.kind == "add column" and action.column is not None:
        return _added_fails(action.column)
    if action.kind == "drop column":
        return _dropped_fails(schema, table, action.name or "")
    return ""


def _added_fails(column: Column) -> str:
    kinds = {constraint.kind for constraint in column.constraints}
    if kinds & {"primary key", "unique"}:
        return "ADD COLUMN can bring no PRIMARY KEY and no UNIQUE"
    if column.generated == "stored":
        return f"a STORED column ({column.name}) cannot be added to a table that has a row"
    if column.default is not None and not column.generated and not _LITERAL.fullmatch(column.default.text):
        return f"the default of {column.name} is an expression: only a literal can be added to a table that has a row"
    return ""


def _dropped_fails(schema: Schema, name: Name, column: str) -> str:
    """Why DROP COLUMN is refused: a key, an index, a table's CHECK or foreign key, a view, a generated column."""
    table = schema.table(name)
    if table is None:
        return ""
    for index in schema.indexes_of(name):
        if column in index.columns or column in index.depends:
            what = "it is part of a key" if index.constraint else f"the index {index.name} uses it"
            return f"{column} cannot be dropped: {what}"
    for constraint in table.constraints.values():
        if constraint.kind in ("primary key", "unique") and column in constraint.columns:
            return f"{column} cannot be dropped: it is part of a key"
    return _dropped_under_view(schema, table, column)


def _dropped_under_view(schema: Schema, table: TableState, column: str) -> str:
    for view in schema.tables.values():
        used = {name for of, name in view.uses if key(of) == key(table.name)}
        # `*` is worked out anew, so that a view that names no column goes on
        if view.kind == "view" and column in used and used != set(table.columns):
            return f"{column} cannot be dropped: the view {view.name} reads it"
    table_checks = [c for c in table.constraints.values() if c.kind == "check"]
    for check in table_checks:
        columns = mentioned(check.expression) & set(table.columns)
        if column in columns and len(columns) > 1:
            return f"{column} cannot be dropped: a CHECK compares it with another column"
    return ""
