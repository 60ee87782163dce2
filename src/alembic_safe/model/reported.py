"""A finding as documents have it, in the results of several commands."""

from __future__ import annotations

from typing import Literal

from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a source file from line `first` (1-based) on, without line ends; data and secrets are masked."""

    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """A finding as documents have it. `file` is absolute, `statement` the ordinal within the revision.

    `blocks` are the kinds of query that wait, `seconds` the estimate of how long (None: not known). `stops`:
    it is at or above the gate and not allowed. `fingerprint` (hex) stays the same when lines move.
    """

    rule: str
    severity: Literal["error", "warning", "note"]
    message: str
    recipe: str
    revision: str | None
    file: str | None
    line: int | None
    statement: int | None
    objects: tuple[str, ...]
    phase: str
    allowed: str | None
    hazard: str
    blocks: tuple[str, ...]
    seconds: float | None
    stops: bool
    fingerprint: str
    excerpt: Excerpt | None = None
