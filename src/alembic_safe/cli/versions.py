"""`alembic-safe --version`: ours, and those of what a report of a fault needs, without importing any."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from alembic_safe import __version__

_BESIDE = ("alembic", "SQLAlchemy", "psycopg", "sqlglot", "typer", "rich", "pydantic", "pydantic-settings")


def versions() -> str:
    """Two lines: our version, and the versions it runs with."""
    beside = [f"python {platform.python_version()}", *(f"{name} {_version(name)}" for name in _BESIDE)]
    return f"alembic-safe {__version__}\n{', '.join(beside)}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not found"
