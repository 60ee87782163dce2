"""A backup's dump as a folder of this machine, fetched and decrypted where it must be; private, and gone after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic_safe.backup.checking import fetched
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
    """The folder `dump` of the backup as the dump tool wrote it, every file of it compared with the manifest.

    Raises `BackupError`, also where a file is not what the manifest says; `SettingsError`.
    """
    require_key(manifest, identity)
    with fetched(store, manifest.id, manifest, tick, moved) as found:
        if found.faults:
            raise BackupError(
                f"backup {manifest.id} is not good: {found.faults[0]}",
                hint="Choose another: `alembic-safe backup list`.",
                detail="\n".join(found.faults),
            )
        if found.error is not None:
            raise found.error
        assert found.folder is not None
        with in_clear(store, manifest, found.folder, identity, tick) as dump:
            yield dump


@contextmanager
def in_clear(
    store: Store, manifest: Manifest, folder: Path, identity: Path | None, tick: Tick
) -> Iterator[Path]:
    """The dump of a backup whose `folder` is at hand, decrypted where it must be. Raises as `dump_at_hand`."""
    require_key(manifest, identity)
    if identity is None or not is_encrypted(manifest):
        yield folder / DUMP
        return
    with store.private() as plain:
        check_fits(plain, size_of(folder / DUMP), f"what is decrypted of backup {manifest.id}")
        decrypt_folder(folder / DUMP, plain, identity, tick)
        yield plain


def require_key(manifest: Manifest, identity: Path | None) -> None:
    """Raise `BackupError` where it is encrypted and no key was given."""
    if is_encrypted(manifest) and identity is None:
        raise BackupError(
            f"backup {manifest.id} is encrypted to {recipients_of(manifest)}",
            hint="Give the file with the private key: `--backup-identity FILE`.",
        )
