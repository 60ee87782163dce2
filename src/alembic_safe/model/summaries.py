"""What the results of all commands say in the same words: a target, and an error."""

from __future__ import annotations

from alembic_safe.errors import AlembicSafeError
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as a value: `kind` is the class's name in alembic_safe.errors."""

    kind: str
    message: str
    hint: str
    detail: str | None = None

    @classmethod
    def of(cls, error: AlembicSafeError) -> Failure:
        """The error as a value."""
        return cls(type(error).__name__, error.message, error.hint, error.detail)


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """A target in a result: what people call it, where it is, what runs there."""

    label: str
    dialect: str
    address: str
    server_version: str
    version_table: str
    heads: tuple[str, ...] | None
