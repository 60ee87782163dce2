"""Effects of types, domains, functions, schemas and other objects that tables depend on."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Action, Name
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.effects.dependents import keep_routine, keep_schema
from alembic_safe.sql.schema.model import TableState, key
from alembic_safe.sql.server.locks import AX, S


def users_of(effects: Effects, name: Name) -> tuple[TableState, ...]:
    """Tables with a column of this type."""
    wanted = key(name)
    return tuple(
        table
        for table in effects.schema.tables.values()
        if any(c.type and key(Name(c.type.name, c.type.schema)) == wanted for c in table.columns.values())
    )


def alter_type(effects: Effects) -> None:
    """ALTER TYPE: no table waits for enum values; attributes of a composite type in use are refused."""
    for action in effects.reading.actions:
        if action.kind == "add value":
            effects.phase_is("expand")
            effects.reversible = False
        elif action.kind in (
            "rename",
            "rename value",
            "rename attribute",
            "set schema",
            "alter attribute type",
        ):
            effects.phase_is("incompatible")
        elif action.kind == "drop attribute":
            effects.phase_is("contract")
            effects.loses(f"the attribute {action.name}")
            effects.doubts.append("CASCADE changes typed tables under ACCESS EXCLUSIVE")
        elif action.kind == "add attribute" and effects.reading.target is not None:
            used = users_of(effects, effects.reading.target.name)
            effects.phase_is("incompatible" if used else "expand")
        else:
            effects.phase_is("expand")


def alter_domain(effects: Effects) -> None:
    """ALTER DOMAIN: constraints that are verified lock and scan every table with the domain."""
    target = effects.reading.target
    for action in effects.reading.actions:
        effects.phase_is("contract" if action.kind in _TIGHTENING else "expand")
        if target is not None and _verified(action):
            for table in users_of(effects, target.name):
                effects.lock(table.name, S, f"it has columns of {target.name}")
                effects.scan(table.name, "check", f"every value of {target.name} is verified")
            if not effects.schema.knows_all:
                effects.doubts.append(f"every table with columns of {target.name} is locked and scanned")


_TIGHTENING = {"add constraint", "set not null", "drop default", "rename", "set schema", "rename constraint"}


def _verified(action: Action) -> bool:
    if action.kind == "add constraint" and action.constraint is not None:
        return action.constraint.valid
    return action.kind in ("validate constraint", "set not null")


def drop_type(effects: Effects) -> None:
    """DROP TYPE or DOMAIN: CASCADE drops the columns of that type."""
    effects.phase_is("contract")
    if "cascade" in effects.reading.flags:
        for named in effects.reading.objects:
            for table in users_of(effects, named.name):
                effects.lock(table.name, AX, f"its columns of {named.name} go")
                effects.loses(f"columns of {named.name} in {table.name}")
        _cascades(effects)
        return
    for named in effects.reading.objects:
        users = users_of(effects, named.name)
        if users:
            effects.fails = (
                f"columns of {', '.join(str(t.name) for t in users)} have the type {named.name} (2BP01)"
            )


def _cascades(effects: Effects) -> None:
    if "cascade" in effects.reading.flags:
        effects.doubts.append("CASCADE drops whatever depends on it")


def drop_other(effects: Effects) -> None:
    """DROP of functions, schemas, extensions and the like."""
    effects.phase_is("contract")
    kind = effects.reading.kind.removeprefix("drop ")
    if kind in ("schema", "database", "owned", "extension"):
        effects.loses(f"everything in the {kind}")
    if kind == "schema" and "cascade" in effects.reading.flags:
        gone = {o.name.name for o in effects.reading.objects}
        for table in effects.schema.tables.values():
            if (table.name.schema or "public") in gone:
                effects.lock(table.name, AX, "it goes with its schema", kind=table.kind)
    if "cascade" in effects.reading.flags:
        dropped = {key(o.name) for o in effects.reading.objects if o.role == "dropped"}
        for table in effects.schema.tables.values():
            if any(key(function) in dropped for function in table.triggers.values()):
                effects.lock(table.name, AX, "its trigger goes")
    elif kind in ("function", "procedure", "routine"):
        keep_routine(effects)
    elif kind == "schema":
        keep_schema(effects)
    if kind == "statistics":
        effects.doubts.append("the table of the statistics is locked with SHARE UPDATE EXCLUSIVE")
    _cascades(effects)


def create_other(effects: Effects) -> None:
    """CREATE of functions, types, schemas, extensions: a new name; OR REPLACE changes an old one."""
    effects.phase_is("contract" if "or replace" in effects.reading.flags else "expand")


def alter_other(effects: Effects) -> None:
    """ALTER of functions, schemas and the like: a rename breaks who uses the name."""
    renames = any(a.kind in ("rename", "set schema") for a in effects.reading.actions)
    effects.phase_is("incompatible" if renames else "contract")


_OTHERS = (
    "function",
    "procedure",
    "routine",
    "aggregate",
    "schema",
    "extension",
    "operator",
    "collation",
    "server",
)

FAMILY: dict[str, Callable[[Effects], None]] = {
    **{f"create {kind}": create_other for kind in (*_OTHERS, "type", "domain", "sequence")},
    **{f"drop {kind}": drop_other for kind in (*_OTHERS, "owned", "database", "statistics")},
    **{f"alter {kind}": alter_other for kind in _OTHERS},
    "alter type": alter_type,
    "alter domain": alter_domain,
    "drop type": drop_type,
    "drop domain": drop_type,
}
