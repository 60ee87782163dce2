"""What a worker may reach beside its clones: an audit hook over sockets, files of SQLite, and other programs.

The last net, for what does not go through a driver that is wrapped. Code written in C that opens a connection by
itself raises no audit event and is not stopped.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

from alembic_safe.bridge.worker import refusal
from alembic_safe.bridge.worker.redirecting import Redirection, sqlite_name

_PROGRAMS = {
    "subprocess.Popen": "a program",
    "os.system": "a program",
    "os.posix_spawn": "a program",
    "os.exec": "a program",
    "os.spawn": "a program",
    "pty.spawn": "a program",
    "os.fork": "a process",
    "os.forkpty": "a process",
}
# where a project may fetch its secrets and configuration; no database answers there
_WEB_PORTS = frozenset({80, 443, 8200})
_QUIET_SOCKETS = frozenset({"/dev/log", "/var/run/nscd/socket", "/run/systemd/journal/dev-log"})


class Reach:
    """One for the life of a worker; an audit hook cannot be taken back."""

    def __init__(self, redirection: Redirection) -> None:
        self._redirection = redirection
        self._programs = redirection.redirect.allow_subprocess
        self._sockets: set[str] = set()
        self._addresses: set[tuple[str, int]] = set()
        for clone in redirection.redirect.clones:
            if clone.dialect == "postgresql":
                self._allow(clone.keywords)

    def install(self) -> None:
        sys.addaudithook(self._audit)
        if not self._programs:
            self._refuse_spawned()

    def _allow(self, keywords: Any) -> None:
        host, port = keywords["host"], int(keywords.get("port") or 5432)
        if host.startswith(("/", "@")):
            self._sockets.add(os.path.realpath(f"{host}/.s.PGSQL.{port}"))
            return
        for name in filter(None, (host, keywords.get("hostaddr"))):
            self._addresses.add((name, port))
            try:
                found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
            except OSError:
                continue
            self._addresses.update((str(address[0]), port) for *_, address in found)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            self._socket(*arguments)
        elif event == "sqlite3.connect":
            self._file(arguments[0])
        elif event in _PROGRAMS and not refusal.is_harmless(event, arguments):
            self._program(f"{_PROGRAMS[event]}{_named(arguments)}")

    def _program(self, what: str) -> None:
        if not self._programs:
            raise self._redirection.refuse(f"it starts {what} (--allow-subprocess)")
        self._redirection.tell(
            f"it started {what}, whose connections are not redirected (--allow-subprocess)"
        )

    def _socket(self, sock: socket.socket, address: Any) -> None:
        if isinstance(address, str | bytes):
            path = os.fsdecode(address)
            if path in _QUIET_SOCKETS or os.path.realpath(path) in self._sockets:
                return
            raise self._redirection.refuse(f"a connection to the socket {path}")
        if sock.type == socket.SOCK_DGRAM or not isinstance(address, tuple):
            return
        host, port = str(address[0]), int(address[1])
        if (host, port) in self._addresses or port in _WEB_PORTS:
            return
        raise self._redirection.refuse_network(f"a network connection to {host}:{port}")

    def _file(self, database: Any) -> None:
        name = sqlite_name(database, True)
        if name is not None and not self._redirection.is_ours(name):
            raise self._redirection.refuse(f"the SQLite file {name}")

    def _refuse_spawned(self) -> None:
        """multiprocessing starts its processes below what is audited."""
        import _posixsubprocess

        lower: Any = _posixsubprocess
        original = lower.fork_exec

        def fork_exec(arguments: Any, *further: Any) -> Any:
            first = os.fsdecode(arguments[0]) if arguments else ""
            words = tuple(os.fsdecode(word) for word in arguments or ())
            if not refusal.is_harmless("subprocess.Popen", (first, words)):
                raise self._redirection.refuse(f"it starts a program ({first}) (--allow-subprocess)")
            return original(arguments, *further)

        lower.fork_exec = fork_exec


def _named(arguments: tuple[Any, ...]) -> str:
    first = arguments[0] if arguments else None
    return f" ({os.fsdecode(first)})" if isinstance(first, str | bytes) else ""
