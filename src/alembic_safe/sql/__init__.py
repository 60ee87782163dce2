"""SQL text -> statements -> facts. Pure: no I/O but its own tables. The only room that imports sqlglot."""

from __future__ import annotations

from alembic_safe.sql.reader import read
from alembic_safe.sql.splitting import Piece, split

__all__ = ["Piece", "read", "split"]
