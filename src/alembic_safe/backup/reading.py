"""A backup's dump as a folder of this machine, fetched and decrypted where it must be; private, and gone after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic_safe.backup.encryption import decrypt_folder, is_encrypted, recipients_of
from alembic_safe.backup.files import size_of
from alembic_safe.backup.store import DUMP, Moved, Store, Tick
from alembic_safe.backup.stores.folder import check_fits
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import Manifest


@contextmanager
def dump_at_hand(
    store: Store, manifest: Manifest, identity: Path | None, tick: Tick, moved: Moved | None = None
) -> Iterator[Path]:
    """The folder `dump` of the backup as the dump tool wrote it. Raises `BackupError`, `SettingsError`."""
    if is_encrypted(manifest) and identity is None:
        raise BackupError(
            f"backup {manifest.id} is encrypted to {recipients_of(manifest)}",
            hint="Give the file with the private key: `--backup-identity FILE`.",
        )
    with store.at_hand(manifest.id, moved or (lambda _: tick())) as folder:
        if identity is None or not is_encrypted(manifest):
            yield folder / DUMP
            return
        with store.private() as plain:
            check_fits(plain, size_of(folder / DUMP), f"what is decrypted of backup {manifest.id}")
            decrypt_folder(folder / DUMP, plain, identity, tick)
            yield plain
