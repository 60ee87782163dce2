"""Turns every connection of a worker to clones: which clone stands for what, and proof that it was reached.

Fails closed: a connection that is not known to lead to a clone is not made, and one that does not answer with a
clone's marker is closed before anything is done on it. How, and what cannot be stopped: ADR 0005.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from alembic_safe.bridge.messages import CloneWanted, EnvironmentNotice
from alembic_safe.bridge.worker.beyond import beyond
from alembic_safe.bridge.worker.link import Link
from alembic_safe.databases import LIBPQ_WHERE, SERVER_IDENTITY_SQL
from alembic_safe.model.scratch import Clone, Redirect

MARKER_SQL = f"select {SERVER_IDENTITY_SQL}"


class ElsewhereError(Exception):
    """Something would have been reached that is no clone. It was not."""


class ClosedPortError(ElsewhereError, ConnectionRefusedError):
    """What reaches out over a network gets what a closed port gives: much of a project does without, then."""


class Redirection:
    """The clones of one worker. Threads may call it."""

    def __init__(self, redirect: Redirect, link: Link) -> None:
        self.redirect = redirect
        self._link = link
        self._lock = threading.Lock()
        self._taken: dict[str, Clone] = {}
        self._told: set[str] = set()
        self._shared = any(clone.shared for clone in redirect.clones)
        self._by_marker = {clone.marker: clone for clone in redirect.clones if clone.dialect == "postgresql"}

    def install(self) -> None:
        """Take from libpq, but not from the project, what the environment says of another server."""
        for name in LIBPQ_WHERE:
            os.unsetenv(name)

    def tell(self, message: str, hint: str = "") -> None:
        """A notice, once."""
        with self._lock:
            new = message not in self._told
            self._told.add(message)
        if new:
            self._link.tell(EnvironmentNotice(message, hint))

    def refuse(self, what: str) -> ElsewhereError:
        """The error for what is not let out, which is told also where the project swallows it."""
        message = f"it would reach past the scratch database: {what}"
        self.tell(f"refused while revisions run on a scratch database: {what}")
        return ElsewhereError(message)

    def refuse_network(self, what: str) -> ElsewhereError:
        """As `refuse`, as a closed port."""
        return ClosedPortError(str(self.refuse(what)))

    def postgresql(self, database: str) -> Clone:
        """The clone for a database, by the name that was asked for. Raises `ElsewhereError` where there is none."""
        clones = [clone for clone in self.redirect.clones if clone.dialect == "postgresql"]
        for clone in clones:
            if clone.name == database:
                return clone
        with self._lock:
            if database in self._taken:
                return self._taken[database]
            named = [clone for clone in clones if clone.stands_for == database and database]
            free = [
                c for c in clones if not c.stands_for and c.name not in {t.name for t in self._taken.values()}
            ]
            found = next(iter([*named, *free]), None)
            if found is not None:
                self._taken[database] = found
                return found
        self._link.tell(CloneWanted("postgresql", database))
        raise ElsewhereError(f"there is no scratch database for the database {database!r}")

    def sqlite(self, name: str) -> str:
        """The file to open instead of the one named, an absolute path."""
        path = os.path.abspath(name)  # noqa: PTH100 - no link followed, as everywhere a path is told
        if self.is_ours(path):
            return path
        clones = [clone for clone in self.redirect.clones if clone.dialect == "sqlite"]
        with self._lock:
            # one that stands for none stands for the first that is asked for
            free = (one for one in clones if not one.stands_for and one not in self._taken.values())
            named = (one for one in clones if one.stands_for == path)
            found = self._taken.get(path) or next(named, None) or next(free, None)
            if found is not None:
                self._taken[path] = found
                return found.keywords["database"]
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
        return str(Path(self.redirect.folder, f"{digest}-{Path(path).name}"))

    def is_ours(self, path: str) -> bool:
        """Whether a file is a clone's or lies in the folder of this run."""
        real = os.path.realpath(path)
        folder = os.path.realpath(self.redirect.folder)
        return real.startswith(folder + os.sep) or any(
            real == os.path.realpath(clone.keywords["database"])
            for clone in self.redirect.clones
            if clone.dialect == "sqlite"
        )

    def clone_of(self, marker: object) -> Clone | None:
        """The clone that answers with this; None: it is none of ours."""
        return self._by_marker.get(str(marker))

    def prove(self, marker: object, connection: Any) -> Clone:
        """The clone that a new connection leads to. Raises `ElsewhereError`, the connection being closed."""
        found = self.clone_of(marker)
        if found is None:
            connection.close()
            raise self.refuse("a connection led to a database that is no scratch database, and was closed")
        return found

    def check_statement(self, sql: str) -> None:
        """Refuse a statement that would make the server reach out, or change it as a whole where others use it.

        Raises `ElsewhereError`.
        """
        reaches = beyond(sql)
        if reaches == "elsewhere":
            raise self.refuse(f"a statement makes the server connect or run a program: {_short(sql)}")
        if reaches and self._shared:
            raise self.refuse(
                f"a statement changes the whole server, which holds other databases: {_short(sql)}"
            )


def sqlite_name(database: Any, uri: bool) -> str | None:
    """The file that `sqlite3.connect` would open; None for a database in memory."""
    name = os.fsdecode(database) if isinstance(database, bytes | os.PathLike) else str(database)
    if uri and name.startswith("file:"):
        path, _, query = name.removeprefix("file:").partition("?")
        if path == ":memory:" or "mode=memory" in query:
            return None
        name = unquote(path.removeprefix("//") if path.startswith("///") else path)
        name = name.removeprefix("//localhost")
    return None if name in ("", ":memory:") else name


def kept_options(keywords: Mapping[str, str]) -> dict[str, str]:
    """What of a connection says how its session behaves, and not where it leads: a search_path, say."""
    return {name: keywords[name] for name in ("options",) if keywords.get(name)}


def _short(sql: str) -> str:
    from alembic_safe.bridge.worker.masking import mask_sql

    return " ".join(mask_sql(sql).split())[:100]
