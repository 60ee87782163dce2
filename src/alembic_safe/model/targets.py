"""A target: one database with one version table, and how the project's driver was told to reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from alembic_safe.quick import dataclass

Dialect = Literal["postgresql", "sqlite"]

_USUAL = ("alembic_version", "public.alembic_version")
# libpq's keywords whose values let somebody in; the last three are of PostgreSQL 18.
# Source: libpq's "Parameter Key Words", and what it marks to be hidden (dispchar "*" in fe-connect.c).
SECRET_KEYWORDS = frozenset(
    {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
)


@dataclass(frozen=True, slots=True)
class ConnectParameters:
    """What the driver was given when env.py connected, after the project's own listeners ran.

    `keywords` are libpq's (host, port, user, password, dbname, sslmode, options, ...) for PostgreSQL,
    whatever the driver; for SQLite there is one, `database`, the absolute path ("" for memory).
    `unmapped` names arguments that have no libpq form (an ssl.SSLContext, a password callable).
    """

    dialect: Dialect
    driver: str
    keywords: Mapping[str, str] = field(repr=False)
    unmapped: tuple[str, ...] = ()

    def shown(self) -> dict[str, str]:
        """The keywords without secrets, for messages and manifests."""
        return {k: v for k, v in self.keywords.items() if k not in SECRET_KEYWORDS and k != "passfile"}

    def secrets(self) -> tuple[str, ...]:
        """Values that must never be written anywhere."""
        return tuple(v for k, v in self.keywords.items() if k in SECRET_KEYWORDS and v)


@dataclass(frozen=True, slots=True)
class VersionTable:
    """Alembic's version table of a target; `schema` None means the connection's default schema."""

    name: str = "alembic_version"
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class Session:
    """A server session of ours; `began` (the backend's start, as text) tells a reused pid apart."""

    pid: int
    began: str


@dataclass(frozen=True, slots=True)
class Target:
    """One database with one version table, as env.py configured it.

    `ordinal` counts env.py's calls of configure() from 0. `heads` are the rows of the version table
    (empty: at base); None means that the table does not exist. `server` tells sameness of the server
    that answered: a control connection must see the same text (see databases). `role` is the session's
    current_user when alembic began ("" on SQLite), `search_path` the existing schemas on its search_path, in order.
    """

    ordinal: int
    section: str
    parameters: ConnectParameters
    version_table: VersionTable
    heads: tuple[str, ...] | None
    server: str = ""
    driver_pid: int | None = None
    server_pid: int | None = None
    tag: str | None = None
    role: str = ""
    search_path: tuple[str, ...] = ()

    @property
    def dialect(self) -> Dialect:
        return self.parameters.dialect

    @property
    def database(self) -> str:
        """The database's name (PostgreSQL) or path (SQLite)."""
        key = "database" if self.dialect == "sqlite" else "dbname"
        return self.parameters.keywords.get(key, "")

    @property
    def label(self) -> str:
        """What messages call it: database, and the version table where it is not the usual one."""
        name = self.database or "(memory)"
        return name if str(self.version_table) in _USUAL else f"{name} [{self.version_table}]"


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What a control connection learned of the database it reached.

    `address` is for people (host:port/name, or a path). `size` is in bytes. `server` see `Target`.
    """

    dialect: Dialect
    version: str
    version_number: int
    database: str
    address: str
    server: str
    size: int | None = None
    in_recovery: bool = False
    read_only: bool = False
    pooler: bool = False
    user: str = ""
