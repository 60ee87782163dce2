"""Which database the shop uses: SHOP_DATABASE_URL, else an SQLite file beside the project."""

from __future__ import annotations

import os
from pathlib import Path

_DEFAULT = f"sqlite:///{Path(__file__).parents[1] / 'shop.db'}"


def database_url() -> str:
    """The SQLAlchemy URL."""
    return os.environ.get("SHOP_DATABASE_URL") or _DEFAULT
