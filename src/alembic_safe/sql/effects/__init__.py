"""Reading + server version + schema -> facts: locks, scans, rewrites, transactions, phase, loss."""

from __future__ import annotations

from alembic_safe.sql.effects.judge import facts_of

__all__ = ["facts_of"]
