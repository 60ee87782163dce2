"""What pg_dump wrote of a schema, as parts: tables into columns and constraints, the rest as it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from alembic_safe.databases.postgresql.objects import SchemaObject
from alembic_safe.model.identity import Part, SchemaParts
from alembic_safe.quick import dataclass
from alembic_safe.recovery.identity.names import (
    IDENTIFIER,
    QUALIFIED,
    canonical,
    in_schema,
    parent,
    plain,
    quoted,
)
from alembic_safe.recovery.identity.tables import take_apart

_CREATE = re.compile(rf"CREATE (?:UNLOGGED |FOREIGN )?TABLE ({QUALIFIED})")
_COLUMN = re.compile(rf"({IDENTIFIER})\s+(.*)", re.DOTALL)
_NAMED = re.compile(rf"CONSTRAINT ({IDENTIFIER}) (.*)", re.DOTALL)
_NAMED_NOT_NULL = re.compile(rf" CONSTRAINT ({IDENTIFIER}) NOT NULL")
_ADDED = re.compile(
    rf"ALTER (?:FOREIGN )?TABLE (?:ONLY )?({QUALIFIED})\s+ADD CONSTRAINT ({IDENTIFIER}) (.*);", re.DOTALL
)
_DEFAULT = re.compile(
    rf"ALTER (?:FOREIGN )?TABLE (?:ONLY )?({QUALIFIED})\s+ALTER COLUMN ({IDENTIFIER}) SET DEFAULT (.*);",
    re.DOTALL,
)
_COMMENT = re.compile(rf"COMMENT ON ([A-Z ]+?) ({QUALIFIED})(.*?) IS (.*);", re.DOTALL)
_ON_TABLE = re.compile(rf" ON ({QUALIFIED})")
# header's type -> (kind, how its table and name stand in the text)
_OF_A_TABLE = {
    "INDEX": ("index", re.compile(rf"CREATE (?:UNIQUE )?INDEX ({IDENTIFIER}) ON (?:ONLY )?({QUALIFIED})")),
    "TRIGGER": (
        "trigger",
        re.compile(rf"CREATE (?:CONSTRAINT )?TRIGGER ({IDENTIFIER}) .*? ON ({QUALIFIED}) ", re.DOTALL),
    ),
    "POLICY": ("policy", re.compile(rf"CREATE POLICY ({IDENTIFIER}) ON ({QUALIFIED})")),
    "RULE": ("rule", re.compile(rf"CREATE RULE ({IDENTIFIER}) AS\s+ON \w+ TO ({QUALIFIED})")),
}
_CONSTRAINTS = ("CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT")
_TABLES = ("TABLE", "FOREIGN TABLE")
_ROUTINES = ("FUNCTION", "PROCEDURE", "AGGREGATE")


@dataclass(slots=True)
class _Building:
    parts: dict[Part, str] = field(default_factory=dict)
    order: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[Part, str] = field(default_factory=dict)


def parts_of(objects: Mapping[SchemaObject, str]) -> SchemaParts:
    """The parts of a dump's objects. What is not known by its text is a part by the name in its header."""
    building = _Building()
    for one, text in objects.items():
        body = text.strip()
        if not (_table(building, one, body) or _of_a_table(building, one, body)):
            building.parts[Part(one.type.lower(), _name(one))] = body
    return SchemaParts(building.parts, building.order, building.names)


def _name(one: SchemaObject) -> str:
    if one.type in _ROUTINES:  # with its arguments, as the tool writes them
        return one.name if one.schema in ("", "-") else f"{quoted(one.schema)}.{one.name}"
    return in_schema(one.schema, one.name)


def _table(building: _Building, one: SchemaObject, text: str) -> bool:
    apart = take_apart(text) if one.type in _TABLES else None
    found = _CREATE.fullmatch(apart.head) if apart else None
    if apart is None or found is None:
        return False
    table = canonical(found[1])
    # what is no list of columns: how it is stored, partitioned, inherited
    kind = apart.head[: found.start(1)].removeprefix("CREATE ").strip().lower()
    building.parts[Part("table", table)] = f"{kind} {apart.tail}"
    columns = []
    for element in apart.elements:
        if constraint := _NAMED.fullmatch(element):
            building.parts[Part("constraint", quoted(plain(constraint[1])), table)] = constraint[2]
        elif column := _COLUMN.fullmatch(element):
            name = quoted(plain(column[1]))
            columns.append(name)
            _column(building, Part("column", name, table), column[2])
    building.order[table] = tuple(columns)
    return True


def _column(building: _Building, part: Part, definition: str) -> None:
    named = _NAMED_NOT_NULL.search(definition)
    if named is not None:  # 18 writes the name of a NOT NULL that is not the usual one
        building.names[part] = quoted(plain(named[1]))
        definition = _NAMED_NOT_NULL.sub(" NOT NULL", definition, count=1)
    building.parts[part] = definition


def _of_a_table(building: _Building, one: SchemaObject, text: str) -> bool:
    if one.type in _CONSTRAINTS and (found := _ADDED.fullmatch(text)):
        building.parts[Part("constraint", quoted(plain(found[2])), canonical(found[1]))] = found[3]
    elif one.type == "DEFAULT" and (found := _DEFAULT.fullmatch(text)):
        building.parts[Part("default", quoted(plain(found[2])), canonical(found[1]))] = found[3]
    elif one.type == "ROW SECURITY" and (found := re.match(rf"ALTER TABLE (?:ONLY )?({QUALIFIED})", text)):
        building.parts[Part("row security", "on", canonical(found[1]))] = text
    elif one.type == "COMMENT" and (found := _COMMENT.fullmatch(text)):
        building.parts[_commented(found)] = found[4]
    elif one.type in _OF_A_TABLE and (found := _OF_A_TABLE[one.type][1].match(text)):
        building.parts[Part(_OF_A_TABLE[one.type][0], quoted(plain(found[1])), canonical(found[2]))] = text
    else:
        return False
    return True


def _commented(found: re.Match[str]) -> Part:
    """COMMENT ON kind name [more]: a column's belongs to its table, and one on a constraint to what follows ON."""
    kind, name, more = found[1], canonical(found[2]), found[3]
    on = _ON_TABLE.match(more)
    if kind == "COLUMN":
        table, column = parent(name)
        return Part("comment on column", column, table)
    if on is not None:
        return Part(f"comment on {kind.lower()}", name, canonical(on[1]))
    return Part("comment on", f"{kind.lower()}{more}", name + more if more.startswith("(") else name)
