"""Encrypt a backup's files to public keys, and decrypt them where a private key is. By age (pyrage), in pieces.

The machine that makes backups holds public keys only. What the manifest says (names of tables, counts of rows)
is not encrypted: listing, retention and checksums need no key.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from alembic_safe.backup.files import make_folder, private_file, walk
from alembic_safe.errors import BackupError, SettingsError
from alembic_safe.model.backups import Manifest

ENCRYPTED = ".age"
_METHOD, _RECIPIENTS = "encryption", "recipients"
_KEY = "AGE-SECRET-KEY-"
Tick = Callable[[], None]


def options_for(recipients: Sequence[str]) -> dict[str, str]:
    """What the manifest of a backup encrypted to `recipients` says of it; empty where there are none."""
    return {_METHOD: "age", _RECIPIENTS: " ".join(recipients)} if recipients else {}


def is_encrypted(manifest: Manifest) -> bool:
    """Whether the backup's files need a private key."""
    return _METHOD in manifest.options


def recipients_of(manifest: Manifest) -> str:
    """The public keys it is encrypted to, for people."""
    return manifest.options.get(_RECIPIENTS, "")


def read_recipients(keys: Sequence[str]) -> list[Any]:
    """The public keys, checked. Raises `SettingsError` for one that is none, before anything is dumped."""
    if not keys:
        return []
    age = _age()
    found = []
    for key in keys:
        kind = age.ssh if key.startswith("ssh-") else age.x25519
        try:
            found.append(kind.Recipient.from_str(key.strip()))
        except Exception as error:
            hint = "A public key begins with age1, ssh-ed25519 or ssh-rsa: `age-keygen -y FILE` shows it."
            if key.strip().upper().startswith(_KEY):
                raise SettingsError(
                    "backup-recipient: this is a private key, which must not be on this machine",
                    hint=f"{hint} Make a new pair: others can read command lines and settings.",
                ) from None
            raise SettingsError(f"backup-recipient: {key[:20]}... is not a public key", hint=hint) from error
    return found


def read_identity(file: Path) -> list[Any]:
    """The private keys of an age identity file, or the one of an SSH key file. Raises `SettingsError`."""
    age = _age()
    try:
        text = file.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"backup-identity: {file} cannot be read: {error.strerror}", hint="Does this user see the file?"
        ) from None
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines()]
    try:
        found = [age.x25519.Identity.from_str(line) for line in lines if line.startswith(_KEY)]
        return found or [age.ssh.Identity.from_buffer(text)]
    except Exception as error:
        raise SettingsError(
            f"backup-identity: {file} holds no private key that can be used",
            hint="`age-keygen -o FILE` makes one; an SSH key must have no passphrase.",
        ) from error


def encrypt_folder(folder: Path, recipients: Sequence[str], tick: Tick) -> None:
    """Put an encrypted file in the place of every file below `folder`. Raises `BackupError`, OSError."""
    keys = read_recipients(recipients)
    if not keys:
        return
    for name, _ in list(walk(folder)):
        with private_file(folder / (name + ENCRYPTED)) as out, (folder / name).open("rb") as plain:
            _run(_age().encrypt_io, plain, out, keys, tick, f"{name} cannot be encrypted")
            out.flush()
            os.fsync(out.fileno())  # on disk before the plain one goes: nothing else is
        (folder / name).unlink()


def decrypt_folder(folder: Path, into: Path, identity: Path, tick: Tick) -> None:
    """Write every file below `folder` decrypted below `into`, which exists and is private. Raises `BackupError`."""
    keys = read_identity(identity)
    for name, _ in walk(folder):
        target = into / name.removesuffix(ENCRYPTED)
        if not target.parent.exists():
            make_folder(target.parent)
        with private_file(target) as out, (folder / name).open("rb") as sealed:
            _run(_age().decrypt_io, sealed, out, keys, tick, f"{name} cannot be decrypted")


def _run(work: Any, source: BinaryIO, out: BinaryIO, keys: list[Any], tick: Tick, what: str) -> None:
    reader = _Reader(source, tick)
    try:
        work(reader, out, keys)
    except Exception as error:
        if reader.raised is not None:
            raise reader.raised from None
        hint = "Is this the private key of one of its recipients? `alembic-safe backup list --verbose` names them."
        raise BackupError(f"{what}: {str(error).lower()}", hint=hint) from error


class _Reader:
    """Ticks as it is read; pyrage turns what is raised into an error of its own, so that is kept."""

    def __init__(self, file: BinaryIO, tick: Tick) -> None:
        self._file, self._tick = file, tick
        self._reads = 0
        self.raised: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        self._reads += 1
        if self._reads % 128 == 0:  # of 8 KiB each
            try:
                self._tick()
            except BaseException as error:
                self.raised = error
                raise
        return self._file.read(size)


def _age() -> Any:
    try:
        return importlib.import_module("pyrage")
    except ImportError as error:
        raise SettingsError(
            "encrypted backups need the package pyrage, which is not installed",
            hint="Install it with `pip install 'alembic-safe[encryption]'`.",
        ) from error
