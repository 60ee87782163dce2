"""Revisions, statements as captured, and the plan."""

from __future__ import annotations

from typing import Literal

from alembic_safe.quick import dataclass

Direction = Literal["upgrade", "downgrade"]


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of the script directory. `path` is absolute; `checksum` is the file's sha256 (hex)."""

    id: str
    down: tuple[str, ...]
    depends_on: tuple[str, ...]
    labels: tuple[str, ...]
    message: str
    path: str
    checksum: str
    has_downgrade: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement was issued: absolute file and 1-based line."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL command that a revision issued; `ordinal` counts from 1 within its revision.

    `duration` is in seconds, `rows` the driver's count (None where it gives none); both None when the
    statement was rendered and not run. Bound values are never stored: `sql` holds placeholders.
    `autocommit`: it was committed on its own. `own_connection`: the revision used a connection of its own.
    `repeated`: it stands in a loop that rows decide about, so that one transaction runs it any number of times.
    """

    ordinal: int
    sql: str
    source: Source | None
    duration: float | None = None
    rows: int | None = None
    autocommit: bool = False
    own_connection: bool = False
    error: str | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """What a call that was not reached would send, as its source composes it; values that rows give are open.

    `line` is the call's (1-based), `after` the ordinal of the statement that it would follow (0: that is not known).
    """

    line: int
    sql: str
    after: int


@dataclass(frozen=True, slots=True)
class RevisionListing:
    """The statements of a pending revision. `not_inspectable` says why they (or the rest) cannot be shown.

    `ran_on`: they are what it executed on a scratch database there, which holds no rows; else they are rendered.
    `composed` are those of its calls that did not run, as far as they are known.
    """

    revision: Revision
    direction: Direction
    statements: tuple[Statement, ...] = ()
    not_inspectable: str | None = None
    not_inspectable_at: Source | None = None
    ran_on: str | None = None
    composed: tuple[Composed, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """What is pending on one target, in the order it would be applied.

    `heads` are the target's now, `expected_heads` the version rows that a complete run must leave.
    """

    target_ordinal: int
    heads: tuple[str, ...] | None
    expected_heads: tuple[str, ...]
    listings: tuple[RevisionListing, ...]

    @property
    def revision_ids(self) -> tuple[str, ...]:
        return tuple(listing.revision.id for listing in self.listings)
