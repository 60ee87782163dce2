"""The environment of a database tool's child: how to connect, and little else. No password goes into argv."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

APPLICATION = "alembic-safe/backup"

# libpq's "Environment Variables".
_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "channel_binding": "PGCHANNELBINDING",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "gssdelegation": "PGGSSDELEGATION",
    "gssencmode": "PGGSSENCMODE",
    "gsslib": "PGGSSLIB",
    "krbsrvname": "PGKRBSRVNAME",
    "max_protocol_version": "PGMAXPROTOCOLVERSION",
    "min_protocol_version": "PGMINPROTOCOLVERSION",
    "options": "PGOPTIONS",
    "require_auth": "PGREQUIREAUTH",
    "requirepeer": "PGREQUIREPEER",
    "sslcert": "PGSSLCERT",
    "sslcertmode": "PGSSLCERTMODE",
    "sslcompression": "PGSSLCOMPRESSION",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
    "sslkey": "PGSSLKEY",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT",
    "sslsni": "PGSSLSNI",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
}
# What has no variable and goes into the connection string, where anybody on the machine may read it. Nothing else
# does: a keyword that a later libpq knows may be a secret. Left out on purpose: application_name (ours is given),
# client_encoding (a dump is written in the database's own), load_balance_hosts and target_session_attrs (every
# connection of the tool must reach the server that we are on), service and servicefile (resolved already).
_IN_THE_STRING = frozenset(
    {
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "oauth_client_id",
        "oauth_issuer",
        "oauth_scope",
        "tcp_user_timeout",
    }
)
_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "KRB5CCNAME",
    "USER",
)


def bare_environment() -> dict[str, str]:
    """What a tool needs of ours when it connects nowhere."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | {"LC_MESSAGES": "C"}


def tool_environment(
    connection: psycopg.Connection[tuple[Any, ...]], keywords: Mapping[str, str]
) -> tuple[dict[str, str], str]:
    """Environment and connection string (without secrets) by which a tool gets to where `connection` is.

    What libpq resolved from service files, variables and host lists is taken, so that the tool's connections,
    which may be several, all reach the same server.
    """
    info = connection.info
    resolved = {**keywords, **info.get_parameters()}
    resolved |= {"host": info.host, "port": str(info.port), "user": info.user, "dbname": info.dbname}
    resolved["hostaddr"] = "" if info.host.startswith(("/", "@")) else info.hostaddr
    resolved["password"] = info.password
    environment = bare_environment() | {"PGAPPNAME": APPLICATION}
    others = []
    for name, value in sorted(resolved.items()):
        if not value:
            continue
        if name in _VARIABLES:
            environment[_VARIABLES[name]] = value
        elif name in _IN_THE_STRING:
            quoted = value.replace("\\", "\\\\").replace("'", "\\'")
            others.append(f"{name}='{quoted}'")
    return environment, " ".join(others)
