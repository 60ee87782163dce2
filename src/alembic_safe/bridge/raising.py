"""A worker's last word as the exception that it names."""

from __future__ import annotations

from typing import NoReturn

from alembic_safe import errors
from alembic_safe.bridge.messages import Failed


def raise_failed(failed: Failed) -> NoReturn:
    """Raise the error that `failed` describes; a class unknown here is a bug and raised as one."""
    found = getattr(errors, failed.kind, errors.AlembicSafeError)
    raise found(failed.message, hint=failed.hint or None, detail=failed.detail or None)
