"""Make the control connection: psycopg 3, direct, autocommit, never preparing, kept alive."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alembic_safe.errors import UsageError
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.targets import SECRET_KEYWORDS, ConnectParameters
from alembic_safe.quick import dataclass

if TYPE_CHECKING:
    import psycopg

# Two proxies out of three forget a connection that is silent for some minutes. Given parameters win.
_KEEPALIVES = {
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_SILENT_MS = "10000"


@dataclass(frozen=True, slots=True)
class Connected:
    """A psycopg connection with what it was made from: the keywords (secrets included) and where it leads."""

    connection: psycopg.Connection[tuple[Any, ...]]
    keywords: Mapping[str, str]
    secrets: tuple[str, ...]
    read_only: bool

    @property
    def address(self) -> str:
        """host:port/database for people; the socket's directory where it is one."""
        info = self.connection.info
        host = f"[{info.host}]" if ":" in info.host else info.host
        return f"{host}:{info.port}/{info.dbname}"

    def again(self, dbname: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
        """Another connection to the same place, or the database `dbname` there, whose silence is noticed soon.

        Raises `psycopg.Error`.
        """
        import psycopg
        from psycopg.conninfo import make_conninfo

        info = self.connection.info
        other = {"password": info.password} if info.password else {}
        other |= {} if dbname is None else {"dbname": dbname}
        dsn = make_conninfo(info.dsn, tcp_user_timeout=_SILENT_MS, **other)
        return psycopg.connect(dsn, autocommit=True, prepare_threshold=None)


def connect(
    parameters: ConnectParameters, policy: ControlPolicy, application_name: str, *, read_only: bool
) -> Connected:
    """Connect with the policy's keywords, else with the parameters'. Raises UnreachableError, UsageError."""
    try:
        import psycopg
        from psycopg.conninfo import make_conninfo
    except ImportError as error:
        raise UsageError(
            "psycopg cannot be used: there is no libpq on this machine",
            hint="Install one with `pip install 'alembic-safe[binary]'`, or the system's libpq.",
        ) from error
    from alembic_safe.databases.postgresql.failures import connect_failure

    given = parameters.keywords if policy.keywords is None else policy.keywords
    keywords = _KEEPALIVES | {name: value for name, value in given.items() if value != ""}
    keywords |= {
        "application_name": application_name,
        "client_encoding": "utf8",
        "connect_timeout": str(max(2, math.ceil(policy.connect_timeout))),
    }
    secrets = tuple(given[name] for name in sorted(SECRET_KEYWORDS) if given.get(name))
    try:
        connection = psycopg.connect(make_conninfo(**keywords), autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        option = None if policy.keywords is None else policy.option
        raise connect_failure(error, keywords, secrets, option=option) from None
    return Connected(connection, given, secrets, read_only)
