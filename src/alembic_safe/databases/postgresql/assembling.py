"""Rows of the system catalog put together: one value a relation, under each name that a plan gives it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import field

from alembic_safe.model.catalog import CatalogColumn, CatalogTable
from alembic_safe.model.facts import Constraint, Name
from alembic_safe.model.live import LiveTable
from alembic_safe.quick import dataclass

_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}


@dataclass(slots=True)
class Relation:
    """A relation while its rows come in. `visible`: unqualified, its name means it on the search_path."""

    oid: int
    schema: str
    name: str
    visible: bool
    kind: str
    persistence: str
    bound: str | None
    rows: float
    parents: list[int]
    replica_identity: str
    columns: list[CatalogColumn] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    triggers: dict[str, Name] = field(default_factory=dict)
    reads: list[int] = field(default_factory=list)
    dependents: list[str] = field(default_factory=list)
    publications: list[str] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    names: tuple[Name, ...] = ()
    bytes: int | None = None
    index_bytes: int = 0


class Relations:
    """All relations that were found, by oid, and what they are called."""

    def __init__(self, found: Iterable[Relation], wanted: Collection[Name]) -> None:
        """`wanted` are the names as the plan has them: a relation stands under each of those that mean it."""
        self.by_oid = {relation.oid: relation for relation in found}
        for relation in self.by_oid.values():
            qualified = Name(relation.name, relation.schema)
            usual = Name(relation.name) if relation.visible else qualified
            others = [qualified] if relation.visible and qualified in wanted else []
            # where the plan only says it in full, so do we
            relation.names = tuple(
                dict.fromkeys([*others, usual] if usual not in wanted else [usual, *others])
            )
            for parent in relation.parents:
                if parent in self.by_oid:
                    self.by_oid[parent].children.append(relation.oid)

    def name_of(self, oid: int) -> Name | None:
        """What a relation is called first; None for one that was not asked for."""
        relation = self.by_oid.get(oid)
        return relation.names[0] if relation is not None else None

    def depends(self, oid: int, what: str, name: str) -> None:
        """Enter a view, policy, trigger or publication with its table."""
        relation = self.by_oid[oid]
        if what == "reader":
            reader = self.by_oid.get(int(name))
            if reader is not None:
                reader.reads.append(oid)
                relation.dependents.append(f"{_KINDS[reader.kind]} {reader.names[0]}")
        elif what == "trigger":
            trigger, schema, function = name.split("|", 2)
            relation.triggers[trigger] = Name(
                function, None if schema in ("public", "pg_catalog") else schema
            )
        elif what == "publication":
            relation.publications.append(name)
        else:
            relation.dependents.append(f"{what} {name}")

    def tables(self) -> Iterator[CatalogTable]:
        """Every relation under each of its names."""
        for relation in self.by_oid.values():
            for name in relation.names:
                yield self._table(name, relation)

    def _table(self, name: Name, relation: Relation) -> CatalogTable:
        children = [self.by_oid[oid] for oid in relation.children]
        default = next((child.names[0] for child in children if child.bound == "DEFAULT"), None)
        return CatalogTable(
            name,
            _KINDS[relation.kind],
            tuple(relation.columns),
            tuple(relation.constraints),
            relation.kind == "p",
            relation.persistence == "u",
            self._names(relation.parents),
            self._names(relation.children),
            default,
            "default" if relation.bound == "DEFAULT" else relation.bound,
            self._names(relation.reads),
            relation.triggers,
            relation.replica_identity,
        )

    def _names(self, oids: Iterable[int]) -> tuple[Name, ...]:
        return tuple(name for oid in oids if (name := self.name_of(oid)) is not None)

    def live(self) -> dict[Name, LiveTable]:
        """Sizes, publications and dependents; a partitioned table is as large as its partitions together."""
        found: dict[Name, LiveTable] = {}
        for relation in self.by_oid.values():
            parts = list(self._leaves(relation))
            sized = all(part.bytes is not None for part in parts)
            rows = [part.rows for part in parts]
            for name in relation.names:
                found[name] = LiveTable(
                    name,
                    sum(rows) if all(number >= 0 for number in rows) else None,
                    sum(part.bytes or 0 for part in parts),
                    sum(part.index_bytes for part in parts),
                    (*dict.fromkeys(relation.dependents), *_generated(relation)),
                    tuple(relation.publications),
                    sized,
                )
        return found

    def _leaves(self, relation: Relation) -> Iterator[Relation]:
        if relation.kind != "p":
            yield relation
        for child in relation.children if relation.kind == "p" else ():
            yield from self._leaves(self.by_oid[child])


def _generated(relation: Relation) -> Iterator[str]:
    for column in relation.columns:
        if column.generated in ("stored", "virtual"):
            yield f"generated column {column.name}"
