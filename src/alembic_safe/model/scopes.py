"""What a plan touches, and what the system catalog says that this reaches: values for the choice of a scope."""

from __future__ import annotations

from typing import Literal

from alembic_safe.model.facts import Name
from alembic_safe.quick import dataclass

# written: rows are added. rewritten: the same rows, in a new file. altered: stored values change or go.
How = Literal["written", "updated", "deleted", "truncated", "dropped", "altered", "rewritten"]


@dataclass(frozen=True, slots=True)
class Touch:
    """A table, by the name it has when the backup is made, and what a plan does to it.

    `cascade`: TRUNCATE CASCADE, which empties what references it.
    """

    name: Name
    how: How
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class Touched:
    """What the statements of a plan touch, as far as their text tells.

    `schemas` go with everything in them, `types` with the columns of that type. `calls` are functions that
    are not the server's own. `doubts` say why the list may not be all. `large_objects`: some may change.
    """

    touches: tuple[Touch, ...] = ()
    schemas: tuple[str, ...] = ()
    types: tuple[Name, ...] = ()
    calls: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    large_objects: bool = False

    @property
    def nothing(self) -> bool:
        """Whether no row that is there can change or go: the plan only adds to the schema."""
        return not (
            self.touches or self.schemas or self.types or self.calls or self.doubts or self.large_objects
        )


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """A relation with rows, or a view. `kind` is pg_class.relkind; `bytes` without indexes."""

    oid: int
    schema: str
    name: str
    kind: str
    bytes: int

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class CatalogKey:
    """A foreign key: `on_delete` and `on_update` are pg_constraint's letters (a, r, c, n, d)."""

    referencing: int
    referenced: int
    on_delete: str
    on_update: str


@dataclass(frozen=True, slots=True)
class CatalogTrigger:
    """A trigger of a user's, that fires, or a rule (`function` 0). `events` as in pg_trigger.tgtype."""

    table: int
    name: str
    events: int
    function: int


@dataclass(frozen=True, slots=True)
class CatalogFunction:
    """A function or procedure outside the system's schemas. `source` is "" where it cannot be read.

    `extension` is the name of the one that it belongs to, "" where it is a user's own.
    """

    oid: int
    name: str
    volatile: bool
    language: str
    source: str
    extension: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the system catalog says that a plan's reach depends on.

    `children` are (parent, child), partitions included; `views` (view, relation it reads); `typed` (schema of
    the type, its name, table with such a column).
    """

    tables: tuple[CatalogTable, ...] = ()
    children: tuple[tuple[int, int], ...] = ()
    keys: tuple[CatalogKey, ...] = ()
    triggers: tuple[CatalogTrigger, ...] = ()
    functions: tuple[CatalogFunction, ...] = ()
    views: tuple[tuple[int, int], ...] = ()
    typed: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ReachedTable:
    """A table whose rows a plan may change or lose, and how it comes to be one."""

    table: CatalogTable
    why: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Every table whose rows a plan may change or lose. `doubts` say why the list may not be all."""

    tables: tuple[ReachedTable, ...] = ()
    doubts: tuple[str, ...] = ()
    large_objects: bool = False

    @property
    def bytes(self) -> int:
        """Of all of them, without indexes."""
        return sum(reached.table.bytes for reached in self.tables)

    @property
    def nothing(self) -> bool:
        """Whether no row that is there can change or go."""
        return not (self.tables or self.doubts or self.large_objects)
