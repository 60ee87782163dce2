"""Effects of ALTER TABLE's actions on columns: what rewrites, what scans, what the application notices."""

from __future__ import annotations

import re
from collections.abc import Callable

from alembic_safe.model.facts import SERIAL_TYPES, Action, Column, Constraint, Name
from alembic_safe.sql.effects.constraints import drop_foreign_key, tied_keys
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.schema.keys import relying_on_column
from alembic_safe.sql.schema.model import ColumnState, TableState
from alembic_safe.sql.schema.tables import mentioned
from alembic_safe.sql.server.conversions import Verdict, conversion
from alembic_safe.sql.server.locks import AX, RX, SRX
from alembic_safe.sql.server.typenames import BUILTIN_TYPES


def add_column(effects: Effects, name: Name, action: Action) -> None:
    """ADD COLUMN: free unless the default is volatile, computed, or the type is a constrained domain."""
    column = action.column
    if column is None:
        return
    effects.phase_is("expand")
    table = effects.table(name)
    if "if not exists" in action.flags and table is not None and column.name in table.columns:
        return
    rewritten = _new_column_rewrites(effects, name, column)
    default = column.default is not None and not column.generated
    filled = default or column.generated or (column.type is not None and column.type.name in SERIAL_TYPES)
    if column.not_null and not filled:
        effects.scan(name, "not null", f"a row makes it fail: {column.name} has no default")
        effects.phase_is("contract")
    if column.generated == "virtual" and effects.version < 18:
        effects.fails = "virtual generated columns exist from PostgreSQL 18 on"
    for constraint in column.constraints:
        _inline(effects, name, constraint, default=default, rewritten=rewritten)
    if column.default is not None and "nextval" in column.default.functions:
        found = re.search(r"nextval\s*\(\s*'([^']+)'", column.default.text)
        if found:
            effects.lock(Name(found.group(1).rpartition(".")[2]), RX, kind="sequence")


def _new_column_rewrites(effects: Effects, name: Name, column: Column) -> bool:
    why, certain = "", True
    type_ = column.type
    domain = effects.schema.type(Name(type_.name, type_.schema)) if type_ is not None else None
    if column.generated in ("stored", "identity"):
        why = f"{column.name} is computed for every row"
    elif type_ is not None and type_.name in SERIAL_TYPES:
        why = f"{type_.name} fills {column.name} from a sequence, row by row"
    elif column.generated == "" and column.default is not None and column.default.volatility == "volatile":
        why = f"the default of {column.name} is volatile: it is computed for every row"
    elif column.generated == "" and column.default is not None and column.default.volatility == "unknown":
        why, certain = f"the default of {column.name} calls a function that is not known", False
    elif domain is not None and domain.kind == "domain" and domain.constrained:
        why = f"{domain.name} is a domain with constraints: they are checked row by row"
    elif (
        type_ is not None
        and domain is None
        and type_.name not in BUILTIN_TYPES
        and not effects.schema.knows_all
    ):
        why, certain = f"{type_.name} may be a domain with constraints", False
    if why:
        effects.rewrite(name, why, certain=certain)
    return bool(why) and certain


def _inline(effects: Effects, name: Name, constraint: Constraint, *, default: bool, rewritten: bool) -> None:
    """A constraint written with a new column."""
    if constraint.kind == "check" and constraint.valid:
        effects.scan(name, "check", "a CHECK with a new column is verified over all rows")
    elif constraint.kind in ("unique", "primary key"):
        effects.scan(name, "index build", f"{constraint.kind.upper()} builds an index")
    elif constraint.references is not None:
        effects.lock_referenced(constraint.references, SRX, "the foreign key's triggers are made on it")
        if default or rewritten:
            effects.scan(name, "foreign key", "the new column has values to look up")
            effects.scan(constraint.references, "foreign key", "through its index or whole", certain=False)


def drop_column(effects: Effects, name: Name, action: Action) -> None:
    """DROP COLUMN: no rewrite; indexes and constraints on it go, foreign keys lock the other table."""
    effects.phase_is("contract")
    effects.loses(f"the values of {name}.{action.name}")
    table = effects.table(name)
    for constraint in table.constraints.values() if table else ():
        if action.name in constraint.columns:
            drop_foreign_key(effects, constraint)
    if action.name and not ("if exists" in action.flags and table and action.name not in table.columns):
        tied_keys(effects, name, action, relying_on_column(effects.schema, name, action.name))
    if "cascade" in action.flags:
        effects.doubts.append("CASCADE drops whatever depends on the column")


def set_not_null(effects: Effects, name: Name, action: Action) -> None:
    """SET NOT NULL: a scan, unless the column is NOT NULL already or a valid CHECK proves it (12+)."""
    effects.phase_is("contract")
    children = () if "only" in effects.reading.flags else effects.schema.descendants(name)
    tables = [t for t in (effects.table(name), *children) if t is not None]
    column = action.name or ""
    if tables and all(_is_not_null(t, column) or proves_not_null(t, column) for t in tables):
        return
    if not tables:
        effects.scan_one(name, "not null", "whether a valid CHECK proves it is not known", certain=False)
    for table in tables:
        if not (table.partitioned or _is_not_null(table, column) or proves_not_null(table, column)):
            effects.scan_one(table.name, "not null", "no valid CHECK proves it", certain=table.complete)


def _is_not_null(table: TableState, column: str) -> bool:
    state = table.columns.get(column)
    return state is not None and state.not_null and state.not_null_valid


def proves_not_null(table: TableState, column: str) -> bool:
    """Whether a valid CHECK says `column IS NOT NULL`, alone or joined by AND at its top."""
    wanted = re.compile(rf'^\(*\s*"?{re.escape(column)}"?\s+is\s+not\s+null\s*\)*$', re.IGNORECASE)
    for constraint in table.constraints.values():
        if (
            constraint.kind == "check"
            and constraint.valid
            and constraint.enforced
            and not constraint.no_inherit
        ):
            parts = re.split(r"\s+and\s+", constraint.expression, flags=re.IGNORECASE)
            nested_or = re.search(r"\b(or|not\s*\(|case|between)\b", constraint.expression, re.IGNORECASE)
            if not nested_or and any(wanted.match(part.strip()) for part in parts):
                return True
    return False


def alter_type(effects: Effects, name: Name, action: Action) -> None:
    """TYPE: free, or a rewrite; a free one still checks constraints and builds indexes that depend on it."""
    table = effects.table(name)
    column = table.columns.get(action.name or "") if table else None
    verdict = _type_verdict(effects, column, action)
    effects.phase_is("neutral" if verdict == "free" else "incompatible")
    if verdict in ("rewrite", "unknown"):
        known = verdict == "rewrite"
        why = "the new type is stored otherwise" if known else "the old type is not known"
        effects.rewrite(
            name, f"{action.name} to {action.type.text if action.type else '?'}: {why}", certain=known
        )
    elif verdict == "session":
        effects.rewrite(name, "free only while the session's TimeZone is UTC", certain=False)
    if table is not None:
        _dependents(effects, table, column, action, verdict)
    if verdict != "free":
        effects.doubts.append("fails where a view, rule, policy or generated column uses the column")


def _type_verdict(effects: Effects, column: ColumnState | None, action: Action) -> Verdict:
    if action.type is None:
        return "unknown"
    using = action.expression
    if using is not None:
        plain = re.sub(r"::[\w .]+(\([\d, ]+\))?(\[\])*$", "", using.text).strip('" ').lower()
        if plain != (action.name or "").lower():
            return "rewrite"
        cast = using.text.partition("::")[2].strip().lower()
        if cast and cast not in (action.type.text.lower(), action.type.name):
            return "unknown"
    return conversion(column.type if column else None, action.type, effects.schema)


def _dependents(
    effects: Effects, table: TableState, column: ColumnState | None, action: Action, verdict: Verdict
) -> None:
    """CHECKs that mention the column are verified, indexes built again, foreign keys of it validated."""
    name, changed = table.name, action.name or ""
    collated = action.value is not None and (column is None or column.collation != action.value)
    for constraint in table.constraints.values():
        if constraint.kind == "check" and changed in mentioned(constraint.expression):
            effects.scan(name, "check", f"{constraint.name} is verified again")
        elif constraint.kind == "foreign key" and changed in constraint.columns and constraint.references:
            effects.lock(constraint.references, AX, f"{constraint.name} is made again")
            if verdict != "free":
                effects.scan(name, "foreign key")
                effects.scan(
                    constraint.references, "foreign key", "through its index or whole", certain=False
                )
    for index in effects.schema.indexes_of(name):
        if table.partitioned and changed in index.columns:
            effects.scan(
                name, "index build", f"{index.name} is built again on every partition", certain=False
            )
        if changed in index.depends or (collated and changed in index.columns):
            effects.scan(name, "index build", f"{index.name} depends on {changed} and is built again")
    for other, constraint in effects.schema.referencing(name):
        if changed in constraint.referenced_columns or not constraint.referenced_columns:
            effects.lock(other.name, AX, f"its {constraint.name} is made again")
            if verdict != "free":
                effects.scan(other.name, "foreign key", "every row is looked up")
                effects.scan(name, "foreign key", "through its index or whole", certain=False)


def set_expression(effects: Effects, name: Name, action: Action) -> None:
    """SET EXPRESSION (17+): rewrites a stored column, not a virtual one (18)."""
    effects.phase_is("incompatible")
    if effects.version < 17:
        effects.fails = "SET EXPRESSION exists from PostgreSQL 17 on"
        return
    table = effects.table(name)
    column = table.columns.get(action.name or "") if table else None
    if column is None or column.generated != "virtual":
        certain = column is not None or effects.version < 18
        effects.rewrite(name, f"{action.name} is computed again for every row", certain=certain)


def _identity(effects: Effects, name: Name, action: Action) -> None:
    effects.phase_is("contract")
    sequence = Name(f"{name.name}_{action.name}_seq", name.schema)
    if action.kind == "drop identity":
        effects.lock(sequence, AX, "the column's own sequence goes", kind="sequence", certain=False)
    elif action.kind == "set identity":
        effects.lock(sequence, SRX, "the column's own sequence changes", kind="sequence", certain=False)


def _widens(effects: Effects, name: Name, action: Action) -> None:
    effects.phase_is("expand")


def _tightens(effects: Effects, name: Name, action: Action) -> None:
    effects.phase_is("contract")


JUDGES: dict[str, Callable[[Effects, Name, Action], None]] = {
    "add column": add_column,
    "drop column": drop_column,
    "set not null": set_not_null,
    "alter column type": alter_type,
    "set expression": set_expression,
    "drop expression": _tightens,
    "drop not null": _widens,
    "set default": _widens,
    "drop default": _tightens,
    "add identity": _identity,
    "set identity": _identity,
    "drop identity": _identity,
}
