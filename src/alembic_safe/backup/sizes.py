"""How large a backup is likely to be, by the last one of the same database."""

from __future__ import annotations

from alembic_safe.backup.catalogue import read_manifest
from alembic_safe.backup.choosing import Choice
from alembic_safe.backup.store import Store
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import Manifest
from alembic_safe.model.targets import DatabaseFacts

_LOOKED_AT = 10


def last_manifest(store: Store, address: str) -> Manifest | None:
    """The newest readable manifest of a whole backup of that database, among the last few of the store."""
    for name in reversed(store.names()[-_LOOKED_AT:]):  # names sort by time
        try:
            manifest, _ = read_manifest(store, name)
        except BackupError:
            continue
        if manifest is not None and manifest.address == address and manifest.scope == "full":
            return manifest
    return None


def expected_size(
    last: Manifest | None, facts: DatabaseFacts, choice: Choice, compression: str
) -> int | None:
    """Bytes, in proportion to the last one; None where that had nothing in common with this one. Pure."""
    if last is None or choice.scope != "full" or not last.database_size or not facts.size or not last.size:
        return None
    if last.compression.partition(":")[0] != compression.partition(":")[0]:
        return None
    return round(last.size / last.database_size * facts.size)
