"""A worker whose connections lead to clones: the nets set up, alembic's connection proven or replaced.

Where env.py's connection is of another dialect than is judged, or env.py is not executed at all, the connection is
one of our own.
"""

from __future__ import annotations

import importlib
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.pool import NullPool

from alembic_safe.bridge.worker.reach import Reach
from alembic_safe.bridge.worker.redirecting import MARKER_SQL, Redirection
from alembic_safe.errors import ProjectError

_OLD = sa.__version__.startswith("1.")
_DRIVERS = ("psycopg2",) if _OLD else ("psycopg", "psycopg2")


def install(redirection: Redirection) -> None:
    """Set up the nets. Before any code of the project is imported, and for the life of the process."""
    redirection.install()
    Reach(redirection).install()

    def before(connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        redirection.check_statement(sql)

    event.listen(Engine, "before_cursor_execute", before)


def proven(connection: Any, redirection: Redirection) -> Any:
    """The connection to give to alembic: env.py's, which proves to lead to a clone, or one of ours.

    Raises `ElsewhereError` for one that leads elsewhere.
    """
    wanted = redirection.redirect.dialect
    if wanted and connection.dialect.name != wanted:
        redirection.tell(
            f"env.py connects to {connection.dialect.name}: its revisions ran on a {wanted} database of ours instead"
        )
        return connect(redirection)
    if connection.dialect.name == "postgresql":
        # before a transaction is looked at: reading begins one, which is ended with those of env.py
        redirection.prove(connection.exec_driver_sql(MARKER_SQL).scalar(), connection)
    return connection


def connect(redirection: Redirection, *, prefer: str = "") -> Any:
    """A connection to the first clone, by the driver `prefer` where it is one of ours.

    Raises `ProjectError` where there is no driver that this SQLAlchemy has.
    """
    clone = redirection.redirect.clones[0]
    if clone.dialect == "sqlite":
        return sa.create_engine(f"sqlite:///{clone.keywords['database']}", poolclass=NullPool).connect()
    name = _driver(prefer)
    return sa.create_engine(
        f"postgresql+{name}://", connect_args=dict(clone.keywords), poolclass=NullPool
    ).connect()


def run_without_env(environment: EnvironmentContext, redirection: Redirection) -> None:
    """What alembic's own template does online, on the first clone."""
    url = environment.config.get_main_option("sqlalchemy.url") or ""
    with connect(redirection, prefer=url.partition(":")[0].partition("+")[2]) as connection:
        environment.configure(connection=connection)
        with environment.begin_transaction():
            environment.run_migrations()


def _driver(prefer: str) -> str:
    # drivers bind values differently, and a revision may have been written for one of them; where nothing says which,
    # it is the one that SQLAlchemy takes for a plain `postgresql://` (psycopg2 before 2.1)
    usual = make_url("postgresql://").get_dialect().driver
    for name in sorted(_DRIVERS, key=lambda one: (one != prefer, one != usual)):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        return name
    raise ProjectError(
        f"no driver to run revisions on a scratch database with ({' or '.join(_DRIVERS)})",
        hint="`pip install 'alembic-safe[binary]'` brings one.",
    )
