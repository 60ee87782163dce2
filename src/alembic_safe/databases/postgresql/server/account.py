"""Who runs a temporary server, and where its files may lie. PostgreSQL refuses root, so root hands over.

Nothing of the machine is changed for it: no account is made, no existing folder gets another mode. Where the
programs stand below a folder that the other account cannot enter, they are copied once.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

from alembic_safe.databases.postgresql.server.binaries import Binaries
from alembic_safe.errors import UsageError
from alembic_safe.quick import dataclass

# initdb looks its user up by number, so the account must have a passwd entry; this one is everywhere
_UNPRIVILEGED = "nobody"
# a socket's path may be 107 bytes; the server's name for it needs about 40 beyond the base folder
_LONGEST_BASE = 60


@dataclass(frozen=True, slots=True)
class Account:
    """The account that runs servers; `dropped` says that it is not the one that runs us."""

    uid: int
    gid: int
    dropped: bool

    def subprocess_arguments(self) -> dict[str, Any]:
        """Arguments of `subprocess` that make a child run as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.dropped else {}

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.dropped:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    """Ourselves, or an unprivileged account when we are root. Raises `UsageError` when there is none."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), dropped=False)
    try:
        entry = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise UsageError(
            f"PostgreSQL refuses to run as root, and there is no account {_UNPRIVILEGED!r} to run it",
            hint="Run as another user.",
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, dropped=True)


def base_folder(account: Account) -> Path:
    """The folder of templates, copied programs and running servers; ours alone to write, made when missing.

    Raises `UsageError` when something else stands there: in a shared /tmp another user could have put it.
    """
    parent = Path(tempfile.gettempdir())
    if len(os.fsencode(parent)) > _LONGEST_BASE or (account.dropped and not _enterable(parent)):
        parent = Path("/tmp")
    base = parent / f"alembic-safe-servers-{os.geteuid()}"
    mode = 0o711 if account.dropped else 0o700
    base.mkdir(mode=mode, exist_ok=True)
    found = base.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise UsageError(
            f"{base} is not a folder that only we may write",
            hint="Remove it, or set TMPDIR to a folder of yours.",
        )
    base.chmod(mode)
    return base


def reachable_bindir(binaries: Binaries, account: Account, base: Path) -> Path:
    """The programs' folder, or that of a copy, where the account can run them."""
    if not account.dropped or _runnable_by_all(binaries.bindir):
        return binaries.bindir
    root, beside = _movable(binaries.bindir)
    found = (binaries.bindir / "postgres").stat()
    key = hashlib.sha256(f"{binaries.bindir}|{found.st_mtime_ns}|{found.st_size}".encode()).hexdigest()[:16]
    home = base / f"programs-{binaries.version}-{key}"
    if not home.exists():
        new = Path(tempfile.mkdtemp(prefix="new-", dir=base))
        try:
            for folder in (root, *beside):
                unneeded = shutil.ignore_patterns("include", "doc", "man", "*.a", "pgxs", "__pycache__")
                shutil.copytree(folder, new / folder.name, symlinks=True, ignore=unneeded)
            _open_for_reading(new)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)
            raise
        publish(new, home)
    return home / root.name / binaries.bindir.relative_to(root)


def publish(new: Path, home: Path) -> None:
    """Put a finished folder in its place; when another process was quicker, its folder stays."""
    try:
        new.rename(home)
    except OSError:
        if not home.is_dir():
            raise
        shutil.rmtree(new)


def _movable(bindir: Path) -> tuple[Path, tuple[Path, ...]]:
    """What must be copied so that the programs find their libraries: a folder, and others to lie beside it.

    Wheels repaired by auditwheel keep shared libraries in `<package>.libs` beside the package, found from
    the programs by a relative path. Any other PostgreSQL can be moved as one folder.
    """
    for folder in bindir.parents:
        libraries = folder.with_name(f"{folder.name}.libs")
        if folder.name and libraries.is_dir():
            return folder, (libraries,)
    return bindir.parent, ()


def _enterable(folder: Path) -> bool:
    return all(one.stat().st_mode & 0o001 for one in (folder, *folder.parents))


def _runnable_by_all(bindir: Path) -> bool:
    """Whether every account can run the server there and read what lies beside it."""
    real = bindir.resolve()
    if not _enterable(real):
        return False
    needed = [
        real / "postgres",
        *(one for one in (real.parent / "lib", real.parent / "share") if one.exists()),
    ]
    return all(one.stat().st_mode & 0o005 == 0o005 for one in needed)


def _open_for_reading(top: Path) -> None:
    top.chmod(0o755)
    for path in top.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
