"""The SQL that would make a part as it is expected: for a person to read, never run by us. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from alembic_safe.model.identity import Difference, Part

_ALTERABLE = re.compile(r"(?P<type>.*?)(?: DEFAULT (?P<default>.*?))?(?P<required> NOT NULL)?", re.DOTALL)
_ENTRY = ("index", "trigger", "policy", "rule", "row security")
# what DROP calls a object whose kind the dump's header names as SQL does
_KINDS = (
    "table, view, materialized view, function, procedure, aggregate, sequence, type, domain, schema, extension,"
    " collation, statistics, publication, event trigger, text search configuration"
)
# triggers and defaults hold on to a routine; columns, and what a sequence has counted, to the others
_REPLACED = ("function", "procedure")
_HELD = ("sequence", "type", "domain", "schema", "extension", "collation")
_DROPPABLE = frozenset(_KINDS.split(", "))


def sql_for(part: Part, expected: str | None, found: str | None) -> tuple[str, ...]:
    """PostgreSQL's statements from `found` to `expected`; empty where none can be told."""
    if part.kind == "column":
        return _column(part, expected, found)
    if part.kind in ("constraint", "default"):
        return _of_table(part, expected, found)
    if part.kind.startswith("comment on"):
        return ()
    drop = _drop(part) if found is not None else ""
    if expected is None:
        return (drop,) if drop else ()
    if part.kind == "table":
        return ()  # its columns stand by themselves
    if found is None:
        return (expected,)
    if part.kind in _REPLACED:
        return (expected.replace("CREATE ", "CREATE OR REPLACE ", 1),)
    return (drop, expected) if drop and part.kind not in _HELD else ()


def whole_table(table: Difference, parts: Sequence[Difference]) -> Difference:
    """A table's difference with its columns and all that hangs on it; SQL only where its parts have some."""
    columns = ",\n    ".join(
        f"{one.name} {one.expected or one.found}" for one in parts if one.kind == "column"
    )
    text = f"CREATE TABLE {table.name} (\n    {columns}\n)"
    if table.expected is None:
        return replace(table, found=text)
    known = any(one.sql for one in parts)
    more = tuple(sql for one in parts if one.kind != "column" for sql in one.sql)
    tail = table.expected.partition("table")[2].strip(" ;")
    create = f"{text}\n{tail}".rstrip()
    return replace(table, expected=create, sql=(f"{create};", *more) if known else ())


def no_sql(part: Part, expected: str | None, found: str | None) -> tuple[str, ...]:
    """SQLite changes a table by copying it, which is a batch operation's work."""
    return ()


def _column(part: Part, expected: str | None, found: str | None) -> tuple[str, ...]:
    table = f"ALTER TABLE {part.of}"
    if found is None:
        return (f"{table} ADD COLUMN {part.name} {expected};",)
    if expected is None:
        return (f"{table} DROP COLUMN {part.name};",)
    then, now = _ALTERABLE.fullmatch(expected), _ALTERABLE.fullmatch(found)
    if then is None or now is None or "GENERATED" in expected + found:
        return ()
    alter, changes = f"{table} ALTER COLUMN {part.name}", []
    if then["type"] != now["type"]:
        changes.append(f"{alter} TYPE {then['type']};")
    if then["default"] != now["default"]:
        changes.append(
            f"{alter} SET DEFAULT {then['default']};" if then["default"] else f"{alter} DROP DEFAULT;"
        )
    if then["required"] != now["required"]:
        changes.append(f"{alter} {'SET' if then['required'] else 'DROP'} NOT NULL;")
    return tuple(changes)


def _of_table(part: Part, expected: str | None, found: str | None) -> tuple[str, ...]:
    table = f"ALTER TABLE {part.of}"
    if part.kind == "default":
        what = "DROP DEFAULT" if expected is None else f"SET DEFAULT {expected}"
        return (f"{table} ALTER COLUMN {part.name} {what};",)
    drop = () if found is None else (f"{table} DROP CONSTRAINT {part.name};",)
    add = () if expected is None else (f"{table} ADD CONSTRAINT {part.name} {expected};",)
    return drop + add


def _drop(part: Part) -> str:
    if part.kind == "index":
        schema = part.of.rpartition(".")[0]
        return f"DROP INDEX {f'{schema}.' if schema else ''}{part.name};"
    if part.kind == "row security":
        return f"ALTER TABLE {part.of} DISABLE ROW LEVEL SECURITY;"
    if part.kind in _ENTRY:
        return f"DROP {part.kind.upper()} {part.name} ON {part.of};"
    return f"DROP {part.kind.upper()} {part.name};" if part.kind in _DROPPABLE else ""
