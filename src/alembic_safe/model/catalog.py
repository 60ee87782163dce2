"""What a database's own catalog says of some relations, as plain values: what a schema model is begun from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from alembic_safe.model.facts import Constraint, Name
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class CatalogColumn:
    """A column; `type` and `default` are SQL as the server writes them. `generated` as in `Column`."""

    name: str
    type: str
    not_null: bool = False
    default: str | None = None
    generated: str = ""
    collation: str | None = None


@dataclass(frozen=True, slots=True)
class CatalogIndex:
    """An index. `depends` are columns in its expressions or predicate; `constraint` the one that it backs."""

    name: Name
    table: Name
    columns: tuple[str, ...] = ()
    unique: bool = False
    depends: tuple[str, ...] = ()
    constraint: str | None = None
    valid: bool = True


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """A table or view with what belongs to it. `reads` are the relations that a view reads.

    `triggers` maps names to the functions they call, `parents` and `children` are by inheritance or partition.
    `replica_identity` is "" (the primary key), "full", "index" or "nothing".
    """

    name: Name
    kind: str = "table"
    columns: tuple[CatalogColumn, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    partitioned: bool = False
    unlogged: bool = False
    parents: tuple[Name, ...] = ()
    children: tuple[Name, ...] = ()
    default_partition: Name | None = None
    bound: str | None = None
    reads: tuple[Name, ...] = ()
    triggers: Mapping[str, Name] = field(default_factory=dict)
    replica_identity: str = ""


@dataclass(frozen=True, slots=True)
class CatalogType:
    """An enum, domain or composite type. `unchecked` are constraints of a domain that are NOT VALID."""

    name: Name
    kind: Literal["enum", "domain", "composite"]
    base: str = ""
    constrained: bool = False
    values: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogRoutine:
    """A function or procedure in SQL or PL/pgSQL: the statement that would make it again."""

    name: Name
    definition: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """The relations that were asked for and what hangs together with them. What is not here is not there.

    `definitions` are the statements that SQLite keeps of each of its objects, in the order to run them.
    """

    tables: tuple[CatalogTable, ...] = ()
    indexes: tuple[CatalogIndex, ...] = ()
    types: tuple[CatalogType, ...] = ()
    routines: tuple[CatalogRoutine, ...] = ()
    definitions: tuple[str, ...] = ()
