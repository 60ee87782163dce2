"""What rules look for again and again: actions on old tables, scans, keys, indexes that go."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Action, Constraint, Name, Reading, RewriteFact, ScanFact
from alembic_safe.rules.place import Place, plain, same

# alembic's ApplyBatchImpl names the copy so
BATCH_COPY = "_alembic_tmp_"
_TABLES = ("alter table", "alter foreign table")


def actions(place: Place, *kinds: str) -> Iterator[tuple[Reading, Name, Action]]:
    """ALTER TABLE's actions of these kinds on tables that were there before."""
    for reading in place.readings:
        target = reading.target
        if reading.kind in _TABLES and target is not None and place.old(target.name):
            if place.absent(reading, target.name):
                continue
            for action in reading.actions:
                if action.kind in kinds:
                    yield reading, target.name, action


def added_constraints(place: Place, *kinds: str) -> Iterator[tuple[Name, Constraint, bool]]:
    """Constraints added to old tables: table, constraint, and whether it came with a new column."""
    for _, table, action in actions(place, "add constraint", "add column"):
        if action.constraint is not None and action.constraint.kind in kinds:
            yield table, action.constraint, False
        if action.column is not None:
            for constraint in action.column.constraints:
                if constraint.kind in kinds:
                    yield table, constraint, True


def scans(place: Place, *kinds: str) -> tuple[ScanFact, ...]:
    """Scans of old tables, of these kinds."""
    return tuple(s for s in place.facts.scans if s.kind in kinds and place.old(s.object.name))


def rewrites(place: Place) -> tuple[RewriteFact, ...]:
    """Rewrites of old tables."""
    return tuple(r for r in place.facts.rewrites if place.old(r.object.name))


def dropped(place: Place, *kinds: str) -> Iterator[tuple[Reading, Name]]:
    """What DROP statements of these kinds name, but for what is known not to be there."""
    for reading in place.readings:
        if reading.kind.startswith("drop ") and reading.kind.removeprefix("drop ") in kinds:
            for named in reading.objects:
                if named.role == "dropped" and not place.absent(reading, named.name):
                    yield reading, named.name


def column_is_new(place: Place, table: Name, column: str | None) -> bool:
    """Whether this plan added the column earlier, so that no running code knows it."""
    return column is not None and place.made("column", table, column)


def key_columns(place: Place, table: Name) -> tuple[tuple[str, ...], ...]:
    """The columns of each known unique index and key of a table."""
    known = place.table(table)
    keys = [i.columns for i in place.before.indexes_of(table) if i.unique and not i.depends]
    if known is not None:
        keys += [c.columns for c in known.constraints.values() if c.kind in ("unique", "primary key")]
    return tuple(dict.fromkeys(k for k in keys if k))


def index_key(reading: Reading) -> tuple[str, ...]:
    """The columns of CREATE INDEX, expressions as their text."""
    return tuple(
        a.name or (a.expression.text if a.expression else "")
        for a in reading.actions
        if a.kind == "index key"
    )


def on_table(reading: Reading) -> Name | None:
    """The table that an index, trigger, rule or policy belongs to."""
    return next((o.name for o in reading.objects if o.role == "on"), None)


def concerns(reading: Reading, name: Name, table: Name) -> bool:
    """Whether it makes, changes or drops the trigger, rule or policy of this name on this table."""
    target = reading.target
    return target is not None and target.name == name and same(on_table(reading), table)


def is_batch_copy(place: Place, table: Name) -> bool:
    """Whether alembic's batch mode puts a changed copy in the table's place (SQLite's move and copy)."""
    temporary = Name(f"{BATCH_COPY}{table.name}", table.schema)
    if not place.made("table", temporary):
        return False
    return any(
        reading.kind == "alter table"
        and reading.target is not None
        and plain(reading.target.name) == plain(temporary)
        and any(a.new_name == table.name for a in reading.actions)
        for later in place.after_in_revision()
        for reading in later.readings
    )


def of_the_catalog(place: Place, name: Name) -> bool:
    """Whether it is a table of the system catalog."""
    return name.name.startswith("pg_") and name.schema in (None, "pg_catalog") and place.table(name) is None


def says_not_null(expression: str) -> str | None:
    """The column of `column IS NOT NULL` and nothing more."""
    match = re.fullmatch(r'\(*\s*"?(\w+)"?\s+is\s+not\s+null\s*\)*', expression.strip(), re.IGNORECASE)
    return match.group(1) if match else None


def has_identity(place: Place, table: Name) -> bool | None:
    """Whether published updates of a table can name their rows; None where it is not known."""
    known = place.table(table)
    if known is None:
        return None
    if known.replica_identity:
        return known.replica_identity != "nothing"
    if any(c.kind == "primary key" for c in known.constraints.values()):
        return True
    return False if known.complete else None


_CONFIG = re.compile(r"\s*'([\w.]+)'\s*,\s*'((?:[^']|'')*)'\s*,")


def settings(place: Place) -> Iterator[tuple[str, str]]:
    """Settings that the command changes, by SET, RESET or set_config(): name and value ("" for the default)."""
    for reading in place.readings:
        for action in reading.actions:
            if reading.kind == "set" and action.kind == "set":
                value = (action.value or "").strip().strip("'\"")
                yield action.name or "", "" if value.lower() == "default" else value
            elif reading.kind in ("reset", "discard all"):
                yield action.name or "all", ""
            elif action.kind == "call" and (action.name or "").endswith("set_config"):
                found = _CONFIG.match(action.value or "")
                if found is not None:
                    yield found.group(1).lower(), found.group(2).replace("''", "'")
