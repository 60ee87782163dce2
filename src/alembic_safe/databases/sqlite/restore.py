"""Put a restored file in the place of an SQLite database: beside first, then one rename, the old file kept.

A process that has the old file open would go on writing to it after the rename (sqlite.org/howtocorrupt.html,
"Unlinking or renaming a database file while in use"). So nobody may: SQLite's own exclusive lock shows who is
in WAL mode or in a transaction, and the open files of this machine's processes show the rest where they can be
seen.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from alembic_safe.databases.sqlite.dump import FILE
from alembic_safe.errors import BackupError, RefusedError

_CHUNK = 1 << 20
_SIDES = ("-wal", "-shm", "-journal")
_BUSY_SECONDS = 5.0


def kept_path(target: Path, at: datetime) -> Path:
    """Where the old file goes: `app.db.before-restore-20261122T031500Z`."""
    return target.with_name(f"{target.name}.before-restore-{at:%Y%m%dT%H%M%SZ}")


def tidy(target: Path) -> None:
    """Remove what killed restores of `target` left: folders half filled, and a second name of the live file.

    The deploy lock must be held: then nobody works on them.
    """
    for left in target.parent.glob(f".{target.name}.restoring-*"):
        shutil.rmtree(left, ignore_errors=True)
    for kept in target.parent.glob(f"{target.name}.before-restore-*"):
        with suppress(FileNotFoundError):
            if kept.samefile(target):
                # killed between the link and the rename: it never became the old one
                _move_sides(kept, target)
                kept.unlink()


@contextmanager
def beside(target: Path, source: Path, at: datetime, tick: Callable[[], None]) -> Iterator[Path]:
    """A folder beside `target` with a copy of the dump's file in it, private and on disk; removed at the end."""
    folder = target.with_name(f".{target.name}.restoring-{at:%Y%m%dT%H%M%SZ}")
    try:
        if shutil.disk_usage(target.parent).free < (source / FILE).stat().st_size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        folder.mkdir(mode=0o700)
        copy_dump(source, folder, tick)
        yield folder
    except OSError as error:
        raise BackupError(
            f"the backup cannot be restored beside {target}: {(error.strerror or str(error)).lower()}",
            hint="The folder of the database must be writable, with room for a second copy.",
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copy_dump(source: Path, folder: Path, tick: Callable[[], None]) -> None:
    """Copy the dump's file into `folder`, private and on disk. Raises OSError."""
    with (source / FILE).open("rb") as dump:
        _copy(dump, folder / FILE, tick)


def _copy(source: BinaryIO, into: Path, tick: Callable[[], None]) -> None:
    descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as copy:
        while piece := source.read(_CHUNK):
            copy.write(piece)
            tick()
        copy.flush()
        os.fsync(descriptor)


def holders(target: Path) -> tuple[str, ...]:
    """Other processes of this machine that have the database open, as far as this user may see (Linux)."""
    wanted = set()
    for path in (target, *_sides(target)):
        with suppress(OSError):
            found = path.stat()
            wanted.add((found.st_dev, found.st_ino))
    said = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        with suppress(OSError):
            if any(_opened(entry) in wanted for entry in os.scandir(process / "fd")):
                name = (process / "comm").read_text(errors="replace").strip()
                said.append(f"pid {process.name} ({name})")
    return tuple(sorted(said))


def _opened(entry: os.DirEntry[str]) -> tuple[int, int] | None:
    try:
        found = entry.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def in_the_way(into: Path) -> Path | None:
    """What is there already under the name `into` or beside it: SQLite takes an old -wal or -journal for its own."""
    return next((path for path in (into, *_sides(into)) if os.path.lexists(path)), None)


def taken(path: Path) -> RefusedError:
    """The refusal where a new file would overwrite `path`, or be read together with it."""
    return RefusedError(f"there is a file {path} already", hint="Name another one: `--beside FILE`.")


def place(folder: Path, into: Path) -> None:
    """Give the file of `folder` the name `into`; overwrites nothing. Raises `RefusedError` when anything has it."""
    if there := in_the_way(into):
        raise taken(there)
    try:
        os.link(folder / FILE, into)
    except FileExistsError:
        raise taken(into) from None
    except OSError:  # a file system without hard links
        try:
            into.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            raise taken(into) from None
        (folder / FILE).rename(into)
    _sync(into.parent)


def swap(folder: Path, target: Path, kept: Path) -> None:
    """Rename the file of `folder` to `target`, which stays as `kept`. At every moment `target` is one or the other.

    What SQLite left beside it (a damaged file's -wal or -journal) goes beside `kept`: it would be read into the new
    file and spoil it. Nobody of ours may have it open. Raises `RefusedError` when somebody else has, with nothing
    changed.
    """
    new = folder / FILE
    if not target.exists():
        _move_sides(target, kept)
        new.rename(target)
        _sync(target.parent)
        return
    found = target.stat()
    new.chmod(found.st_mode & 0o7777)
    with suppress(PermissionError):
        os.chown(new, found.st_uid, found.st_gid)
    with ExitStack() as later, _alone(target) as mode:
        if mode == "wal":
            _set_wal(new)
        if there := holders(target):
            raise in_use(target, there)
        try:
            os.link(target, kept)
        except OSError:  # a file system without hard links
            # closing any descriptor of a file gives up all its POSIX locks (fcntl(2)), SQLite's too: after it
            _keep(later.enter_context(target.open("rb")), folder / kept.name, kept)
        _move_sides(target, kept)
        new.rename(target)
        _sync(target.parent)


def _move_sides(path: Path, to: Path) -> None:
    """Move what lies beside `path` beside `to`, unless something of that name lies there."""
    for side, there in zip(_sides(path), _sides(to), strict=True):
        if os.path.lexists(side) and not os.path.lexists(there):
            side.rename(there)


def _sides(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in _SIDES)


def _keep(source: BinaryIO, copy: Path, kept: Path) -> None:
    """A copy with the file's times and rights, which bears its name once it is whole."""
    _copy(source, copy, lambda: None)
    found = os.fstat(source.fileno())
    copy.chmod(found.st_mode & 0o7777)
    with suppress(PermissionError):
        os.chown(copy, found.st_uid, found.st_gid)
    os.utime(copy, ns=(found.st_atime_ns, found.st_mtime_ns))
    copy.rename(kept)


def in_use(target: Path, who: tuple[str, ...]) -> RefusedError:
    """The refusal where processes have the file open."""
    return RefusedError(
        f"{target} is open in {', '.join(who[:3])}" + (f" and {len(who) - 3} more" if len(who) > 3 else ""),
        hint="Stop the application first: it would go on writing to the old file. Nothing was changed.",
    )


@contextmanager
def _alone(target: Path) -> Iterator[str]:
    """Hold the database exclusively, all of it in its one file; gives the journal mode it had."""
    uri = f"file:{quote(str(target))}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)
    with closing(connection):
        mode = ""
        try:
            mode = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
            if mode == "wal":
                # fails while anybody else has it open; takes what the -wal holds into the file
                connection.execute("PRAGMA journal_mode = delete").fetchone()
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise BackupError(f"{target} cannot be locked: {error}") from error
            raise in_use(target, holders(target) or ("another process",)) from error
        except sqlite3.DatabaseError:
            pass  # damaged beyond opening: a reason to restore, and nobody can use it
        try:
            yield mode
        except BaseException:
            if mode == "wal":
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                    connection.execute("PRAGMA journal_mode = wal").fetchone()
            raise


def _set_wal(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal").fetchone()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
