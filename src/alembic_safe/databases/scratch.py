"""Where scratch databases come from: a temporary server of this machine, a server that is given, or a folder.

`open_scratch` chooses; what it gives makes clones until it is closed, which removes them all.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol

from alembic_safe.errors import UsageError
from alembic_safe.model.scratch import Clone, ScratchPolicy, ScratchServer
from alembic_safe.model.targets import Dialect


class _Maker(Protocol):
    def make(self, stands_for: str = "", *, template: str | None = None) -> Clone: ...
    def make_role(self, name: str) -> None: ...
    def make_empty_database(self, name: str) -> None: ...
    def drop(self, name: str) -> None: ...
    @property
    def left(self) -> tuple[str, ...]: ...
    def keep(self, name: str) -> str: ...
    def ping(self) -> None: ...
    def close(self) -> None: ...


class ScratchPlace:
    """A place where clones are made; a context manager that leaves nothing behind.

    `own`: the server is ours alone, so that roles and databases that a history expects may be made on it.
    `folder` is for SQLite files of the project; `clones` are all that were made. Use it from a thread that lives
    as long as it.
    """

    def __init__(
        self,
        server: ScratchServer,
        maker: _Maker,
        folder: Path,
        *,
        own: bool,
        stack: ExitStack,
        full: Callable[[], str] = str,
    ) -> None:
        self.server = server
        self.folder = folder
        self.own = own
        self.clones: list[Clone] = []
        self._maker = maker
        self._stack = stack
        self._full = full

    @property
    def full(self) -> str:
        """A temporary server's own words that its disk is full; "" where it did not say so."""
        return self._full()

    def make(self, stands_for: str = "", *, template: str | None = None) -> Clone:
        """A new, empty database; or a copy of the clone named `template`."""
        clone = self._maker.make(stands_for, template=template)
        self.clones.append(clone)
        return clone

    def make_role(self, name: str) -> None:
        """A role that a history expects (`own` alone)."""
        self._maker.make_role(name)

    def make_empty_database(self, name: str) -> None:
        """A database under this very name, which a history only mentions (`own` alone)."""
        self._maker.make_empty_database(name)

    def drop(self, clone: Clone) -> None:
        """Drop one clone before the end. Never raises."""
        self._maker.drop(clone.name)

    @property
    def left(self) -> tuple[str, ...]:
        """Once it is closed: the names of databases that could not be dropped from a server that stays."""
        return () if self.own else self._maker.left

    def keep(self, clone: Clone) -> str:
        """Let a clone stand when the place is closed; the name or path under which it does.

        Raises `RefusedError` on a temporary server, which ends with us, and where somebody is connected to the clone.
        """
        return self._maker.keep(clone.name)

    def ping(self) -> None:
        """To be called every now and then, as a connection of ours that nobody uses would be dropped by proxies."""
        self._maker.ping()

    def close(self) -> None:
        """Remove everything. Never raises."""
        self._stack.close()

    def __enter__(self) -> ScratchPlace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_scratch(
    policy: ScratchPolicy,
    *,
    dialect: Dialect,
    run: str,
    major: int | None = None,
    extensions: Sequence[str] = (),
) -> ScratchPlace | None:
    """A place for scratch databases of `dialect`; None where the policy, or this machine, has none.

    `major` is the PostgreSQL wanted, the nearest at hand is taken; `extensions` must be at hand there. `run` is the
    run's id and becomes part of the names. Leftovers of killed runs there are removed first. Raises
    `UnreachableError`, `RefusedError` or `UsageError` for a server that was named and cannot be used.
    """
    if policy.mode == "off":
        return None
    with ExitStack() as stack:
        folder = _folder(stack)
        full: Callable[[], str] = str
        if dialect == "sqlite":
            maker: _Maker = SqliteScratch(folder)
            server, own = ScratchServer("an SQLite file", 0), True
        elif policy.mode == "server":
            from alembic_safe.databases.postgresql.scratch import PostgresScratch

            assert policy.keywords is not None
            given = PostgresScratch(policy.keywords, run=run, shared=True)
            stack.callback(given.close)
            given.drop_leftovers()
            maker, own = given, False
            server = ScratchServer(f"PostgreSQL {given.version} ({given.address})", given.major)
        else:
            found = _temporary(stack, run, major, extensions)
            if found is None:
                return None
            (maker, server, full), own = found, True
        return ScratchPlace(server, maker, folder, own=own, stack=stack.pop_all(), full=full)


def clean_leftovers(policy: ScratchPolicy, *, run: str) -> tuple[str, ...]:
    """Remove what killed runs left: temporary servers and files of this machine, databases on a given server."""
    from alembic_safe.databases.postgresql.server import leftovers
    from alembic_safe.databases.postgresql.server.account import base_folder, server_account

    removed = leftovers.sweep(base_folder(server_account()))
    if policy.mode == "server" and policy.keywords is not None:
        from alembic_safe.databases.postgresql.scratch import clean

        removed += clean(policy.keywords, run=run)
    return removed


def _temporary(
    stack: ExitStack, run: str, major: int | None, extensions: Sequence[str]
) -> tuple[_Maker, ScratchServer, Callable[[], str]] | None:
    from alembic_safe.databases.postgresql.scratch import PostgresScratch
    from alembic_safe.databases.postgresql.server import TemporaryServer, find_binaries
    from alembic_safe.databases.postgresql.server.choosing import for_scratch

    binaries = for_scratch(find_binaries(), major, extensions)
    if binaries is None:
        return None
    running = stack.enter_context(TemporaryServer(binaries))
    maker = PostgresScratch(running.keywords(), run=run, shared=False)
    stack.callback(maker.close)
    server = ScratchServer(f"PostgreSQL {binaries.version} ({binaries.origin})", binaries.major)
    return maker, server, lambda: running.full


def _folder(stack: ExitStack) -> Path:
    """A folder that is found and removed like a temporary server's when we are killed."""
    from alembic_safe.databases.postgresql.server import leftovers
    from alembic_safe.databases.postgresql.server.account import base_folder, server_account
    from alembic_safe.databases.postgresql.server.room import room_in

    base = base_folder(server_account())
    leftovers.sweep(base)
    with room_in(base):
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=base))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        leftovers.mark(folder)
    return folder


class SqliteScratch:
    """Scratch databases that are files in a folder of ours."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def make(self, stands_for: str = "", *, template: str | None = None) -> Clone:
        self._count += 1
        name = f"scratch-{self._count}.db"
        path = self._folder / name
        if template is not None:
            shutil.copyfile(self._folder / template, path)
        # an empty file is an empty database
        path.touch(mode=0o600)
        return Clone("sqlite", name, {"database": str(path)}, str(path), stands_for, shared=False)

    def make_role(self, name: str) -> None:
        raise UsageError(f"SQLite has no role {name!r}")

    def make_empty_database(self, name: str) -> None:
        raise UsageError(f"SQLite has no database {name!r}")

    def drop(self, name: str) -> None:
        for suffix in ("", "-wal", "-shm", "-journal"):
            (self._folder / f"{name}{suffix}").unlink(missing_ok=True)

    @property
    def left(self) -> tuple[str, ...]:
        return ()

    def keep(self, name: str) -> str:
        from alembic_safe.databases.sqlite.copying import copy_sqlite

        kept = Path(tempfile.gettempdir(), f"alembic_safe_kept_{self._folder.name}_{name}")
        copy_sqlite(self._folder / name, kept)
        return str(kept)

    def ping(self) -> None:
        """Nothing that could be lost."""

    def close(self) -> None:
        """The folder is removed as a whole."""
