"""Scratch databases on a PostgreSQL server: made under a name that nobody takes for real, dropped at the end.

Whose a database is stands in its name; that its owner lives is seen from a session on the server which bears the
same name. So leftovers of killed runs are told from databases in use on any machine, whoever looks.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import errors, sql

from alembic_safe.databases.postgresql.connection import connect
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.identity import SERVER_IDENTITY_SQL
from alembic_safe.databases.postgresql.subscriptions import forget_subscriptions
from alembic_safe.errors import AlembicSafeError, RefusedError, UnreachableError
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.scratch import Clone
from alembic_safe.model.secrets import hide
from alembic_safe.model.targets import ConnectParameters

PREFIX = "alembic_safe_scratch_"
KEPT = "alembic_safe_kept_"
OWNER = "alembic-safe/scratch/"
_NAME = re.compile(rf"{PREFIX}(?P<run>[0-9]{{8}}t[0-9]{{6}}z_[0-9a-f]{{6,16}})_[0-9]{{1,4}}", re.ASCII)
# how a server is trusted and a login proven, in the words that every libpq at hand knows
_CARRIED = frozenset(
    {
        "passfile",
        "sslmode",
        "sslcert",
        "sslkey",
        "sslrootcert",
        "sslcrl",
        "channel_binding",
        "gssencmode",
        "krbsrvname",
    }
)
_OURS = """SELECT d.datname FROM pg_catalog.pg_database d
 WHERE d.datname LIKE 'alembic\\_safe\\_scratch\\_%'
   AND coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), 'alembic-safe') LIKE 'alembic-safe%'"""
_OWNERS = """SELECT DISTINCT application_name FROM pg_catalog.pg_stat_activity
 WHERE application_name LIKE 'alembic-safe/scratch/%'"""


def scratch_name(run: str, number: int) -> str:
    """The name of a run's scratch database: `alembic_safe_scratch_20261122t024300z_ab12cd_1`."""
    return f"{PREFIX}{_of_run(run)}_{number}"


def owner_of(name: str) -> str | None:
    """The application_name of the session that lives as long as this database's owner; None: it is not ours."""
    found = _NAME.fullmatch(name)
    return OWNER + found["run"] if found else None


class PostgresScratch:
    """A server on which scratch databases are made. `shared`: there are other databases on it than ours.

    Raises `UnreachableError` or `UsageError` when the server cannot be reached.
    """

    def __init__(
        self, keywords: Mapping[str, str], *, run: str, shared: bool, connect_timeout: float = 10.0
    ) -> None:
        self._run = run
        self._shared = shared
        self._policy = ControlPolicy(None, connect_timeout)
        usual = {} if "service" in keywords else {"dbname": "postgres"}
        given = ConnectParameters("postgresql", "scratch", {**usual, **keywords})
        connected = connect(given, self._policy, OWNER + _of_run(run), read_only=False)
        self._secrets = connected.secrets
        self._keywords = _reached(connected.connection, keywords)
        self._server = PostgresDatabase(connected)
        self._connection = connected.connection
        self._made: list[str] = []

    @property
    def major(self) -> int:
        """The server's major version."""
        return self._server.facts.version_number // 10000

    @property
    def version(self) -> str:
        """The server's version in its own words."""
        return self._server.facts.version

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return self._server.facts.address

    def make(self, stands_for: str = "", *, template: str | None = None) -> Clone:
        """A new database: empty, or a copy of `template` (on which nobody may be connected).

        Raises `RefusedError` where the role may not create one.
        """
        name = scratch_name(self._run, len(self._made) + 1)
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._execute(statement)
        self._made.append(name)
        said = {"run": self._run, "host": socket.gethostname(), "pid": os.getpid()}
        comment = f"alembic-safe: a scratch database of a command, dropped at its end; {json.dumps(said)}"
        self._execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(comment))
        )
        keywords = {**self._keywords, "dbname": name}
        marker = _marker(ConnectParameters("postgresql", "scratch", keywords), self._policy)
        return Clone("postgresql", name, keywords, marker, stands_for, self._shared)

    def make_role(self, name: str) -> None:
        """A role that a history expects; for a server of our own alone."""
        self._refuse_shared()
        self._execute(sql.SQL("CREATE ROLE {} LOGIN SUPERUSER").format(sql.Identifier(name)))

    def make_empty_database(self, name: str) -> None:
        """An empty database under the very name that a history names; for a server of our own alone."""
        self._refuse_shared()
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _refuse_shared(self) -> None:
        if self._shared:
            raise RefusedError(f"{self.address} is not a server of our own")

    def drop(self, name: str) -> None:
        """Drop one of our databases, with whoever is connected. Never raises: what stays is in `left`."""
        if self._dropped(name):
            self._made[:] = [one if one != name else "" for one in self._made]

    @property
    def left(self) -> tuple[str, ...]:
        """Databases that were made and are still there, to the best of our knowledge."""
        return tuple(filter(None, self._made))

    def _dropped(self, name: str) -> bool:
        # with a subscription, which a history made or a template held, the server drops no database
        with suppress(AlembicSafeError, psycopg.Error):
            forget_subscriptions(self._server, name)
        try:
            self._connection.execute(_drop(name))
        except psycopg.Error:
            return False
        return True

    def keep(self, name: str) -> str:
        """Let one of our databases stand, under a name that no cleaning takes for a leftover: that name."""
        kept = name.replace(PREFIX, KEPT, 1)
        self._execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(kept))
        )
        comment = "alembic-safe: a clone that was kept on request (--keep); drop it when it is done with"
        self._execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(kept), sql.Literal(comment))
        )
        self._made[:] = [one if one != name else "" for one in self._made]
        return kept

    def drop_leftovers(self) -> tuple[str, ...]:
        """Drop scratch databases whose owner is gone; their names. One that may not be dropped is left."""
        dropped = []
        for name in leftovers(self._connection):
            if self._dropped(name):
                dropped.append(name)
        return tuple(dropped)

    def ping(self) -> None:
        """Keep the session that shows that we live. Raises `UnreachableError` when it is gone."""
        self._server.ping()

    def close(self) -> None:
        """Drop what was made and leave. Never raises."""
        for name in filter(None, self._made):
            self.drop(name)
        with suppress(Exception):
            self._server.close()

    def _execute(self, statement: sql.SQL | sql.Composed) -> None:
        try:
            self._connection.execute(statement)
        except errors.InsufficientPrivilege as error:
            raise RefusedError(
                f"the scratch server {self.address} lets {self._server.facts.user} create no database:"
                f" {hide(str(error).splitlines()[0], self._secrets)}",
                hint="Grant the role CREATEDB, name another server, or use `--scratch auto`.",
            ) from error
        except psycopg.Error as error:
            line = hide(str(error).splitlines()[0], self._secrets)
            kind = UnreachableError if self._connection.closed else AlembicSafeError
            raise kind(
                f"the scratch server {self.address} failed: {line}",
                hint="Name another server with `--scratch env:NAME`, or use `--scratch auto`.",
            ) from error


def leftovers(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Names of scratch databases on the server whose owner has no session there any more."""
    # databases first: an owner connects before it makes one
    names = [name for (name,) in connection.execute(_OURS).fetchall()]
    owners = {owner for (owner,) in connection.execute(_OWNERS).fetchall()}
    return tuple(name for name in sorted(names) if (owner := owner_of(name)) and owner not in owners)


def clean(keywords: Mapping[str, str], *, run: str) -> tuple[str, ...]:
    """Drop leftovers on the server that `keywords` reach; their names."""
    place = PostgresScratch(keywords, run=run, shared=True)
    try:
        return place.drop_leftovers()
    finally:
        place.close()


def _of_run(run: str) -> str:
    return re.sub(r"[^a-z0-9]", "_", run.lower())


def _drop(name: str) -> sql.Composed:
    return sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))


def _marker(parameters: ConnectParameters, policy: ControlPolicy) -> str:
    connected = connect(parameters, policy, "alembic-safe/scratch", read_only=True)
    with connected.connection as connection:
        row = connection.execute(f"SELECT {SERVER_IDENTITY_SQL}".encode()).fetchone()
    assert row is not None
    return str(row[0])


def _reached(connection: psycopg.Connection[Any], given: Mapping[str, str]) -> dict[str, str]:
    """Keywords that lead to the same server wherever they are used: no service, no list of hosts."""
    info = connection.info
    # the project's driver may have an older libpq, to which a newer one's keywords are unknown
    used = {name: value for name, value in info.get_parameters().items() if value and name in _CARRIED}
    used |= {"host": info.host, "port": str(info.port), "user": info.user}
    if info.hostaddr and not info.host.startswith("/"):
        used["hostaddr"] = info.hostaddr
    if info.password:
        used["password"] = info.password
    return {**used, "dbname": given.get("dbname") or info.dbname}
