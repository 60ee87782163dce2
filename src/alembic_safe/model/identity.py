"""Schemas as sets of named parts, how two of them differ, and which revision a database's schema is that of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from alembic_safe.quick import dataclass

Heads = tuple[str, ...]
# what comparing the version rows with the schema comes to; see `recovery.identity.verdict`
Verdict = Literal[
    "as stamped",
    "changed by hand",
    "never stamped",
    "stamped but never run",
    "stamp lost",
    "another revision",
    "unknown schema",
    "not proven",
]


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a schema, or one part of a table: a column, a constraint, an index.

    `name` is as SQL writes it, with its schema ("public.users"); that of a table's part stands alone ("email") and
    `of` is the table, "" otherwise.
    """

    kind: str
    name: str
    of: str = ""

    @property
    def top(self) -> str:
        """The object that it belongs to, itself where it belongs to none."""
        return self.of or self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of {self.of}" if self.of else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class SchemaParts:
    """A schema: every part with its definition, and the order of each table's columns.

    `names` are those of constraints which stand inside a column's definition (a NOT NULL with a name).
    """

    parts: Mapping[Part, str]
    order: Mapping[str, tuple[str, ...]]
    names: Mapping[Part, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A part that is not as it should be: `expected` None where there should be none, `found` None where it is missing.

    `sql` are the statements that would make it as expected; empty where none are known. They are shown, never run.
    """

    kind: str
    name: str
    of: str
    expected: str | None
    found: str | None
    sql: tuple[str, ...] = ()

    @property
    def what(self) -> Literal["missing", "extra", "changed"]:
        """How the part differs."""
        if self.found is None:
            return "missing"
        return "extra" if self.expected is None else "changed"

    def __str__(self) -> str:
        return f"{Part(self.kind, self.name, self.of)}: {self.what}"


@dataclass(frozen=True, slots=True)
class Compared:
    """A live schema against an expected one. Equal where there are no `differences`.

    Told apart, since nothing depends on it: `order` are tables whose columns stand in another order, `names`
    constraints under another name (sentences), `beside` what no revision of the history ever made.
    """

    differences: tuple[Difference, ...]
    order: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        return not self.differences


@dataclass(frozen=True, slots=True)
class Identity:
    """Which revision a live schema is that of. `Heads` are version rows; () is base.

    `stamped` are the version rows found (None: no table). `equal` are all states of the history with this very
    schema, oldest first. `nearest` is what `compared` tells the differences to: of the equal ones that of the version
    rows, else the newest; where none is equal, the nearest. `to_stamped` is the comparison with what the version rows
    promise (None: no state that was replayed), `to_wanted` that with the revisions that were asked about. `why_not`:
    nothing could be compared, and why. `states` were compared; `server` is where they were replayed, `kept` whether
    they were known from before; `seconds` in all.
    """

    stamped: Heads | None
    equal: tuple[Heads, ...] = ()
    nearest: Heads | None = None
    compared: Compared | None = None
    to_stamped: Compared | None = None
    to_wanted: Compared | None = None
    why_not: str = ""
    states: int = 0
    server: str = ""
    kept: bool = False
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    verdict: Verdict = "not proven"
