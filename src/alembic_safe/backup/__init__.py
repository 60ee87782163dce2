"""Backups: make one and read it back, list them, verify one. Each is a folder, its manifest written last."""

from __future__ import annotations

from alembic_safe.backup.catalogue import find_backup, list_backups
from alembic_safe.backup.create import create_backup
from alembic_safe.backup.stores import open_store
from alembic_safe.backup.verify import verify_backup

__all__ = ["create_backup", "find_backup", "list_backups", "open_store", "verify_backup"]
