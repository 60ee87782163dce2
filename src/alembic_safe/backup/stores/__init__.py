"""The stores that backups are kept in, one kind a file: `open_store` is the way in."""

from __future__ import annotations

from alembic_safe.backup.store import Store
from alembic_safe.backup.stores.folder import FolderStore, remove_leftovers
from alembic_safe.backup.stores.remote import RemoteStore
from alembic_safe.model.policies import BackupPolicy

__all__ = ["FolderStore", "RemoteStore", "open_store"]


def open_store(policy: BackupPolicy) -> Store:
    """The store that the policy names. Nothing is made or connected to yet.

    What killed commands left of a backup in clear, half written, fetched or decrypted, is removed from this machine.
    """
    remove_leftovers(policy.directory, removed=False)
    if policy.store is not None:
        return RemoteStore(policy.store, policy.directory)
    return FolderStore(policy.directory)
