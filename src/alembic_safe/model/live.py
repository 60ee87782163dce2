"""Live facts: what the target's catalog says of the tables that a plan touches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from alembic_safe.model.catalog import Catalog
from alembic_safe.model.facts import Name
from alembic_safe.quick import dataclass

# Tables and their columns, as the models map them. A name without a schema is in the default one.
Mapped = Mapping[Name, frozenset[str]]


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table there. `rows` is the planner's estimate (None: never analysed), sizes are in bytes.

    `dependents` are views, generated columns and policies that use it, for people; `publications` those that
    publish it. `sized` False: the sizes could not be asked.
    """

    name: Name
    rows: float | None
    bytes: int
    index_bytes: int = 0
    dependents: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    sized: bool = True


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """The target. `empty`: no version row and no relation of anybody's, so that nothing can be hurt.

    `bytes_per_second` is how fast this server reads a table (measured, else a careful guess). `mapped_before`
    is what the models mapped at the last run that ended 0 with another checkout; None: there was none.
    `invalid_indexes` are there now and marked invalid.
    """

    version: int
    tables: Mapping[Name, LiveTable] = field(default_factory=dict)
    empty: bool = False
    bytes_per_second: float = 100e6
    timezone: str = ""
    mapped_before: Mapped | None = None
    invalid_indexes: tuple[Name, ...] = ()

    def table(self, name: Name) -> LiveTable | None:
        """The table of this name; `public.t` is `t`."""
        plain = Name(name.name) if name.schema in (None, "public") else name
        return self.tables.get(plain) or self.tables.get(Name(name.name, name.schema or "public"))


@dataclass(frozen=True, slots=True)
class LiveLook:
    """One look at a target: facts for severities, and the catalog that the schema model begins from."""

    facts: LiveFacts
    catalog: Catalog
