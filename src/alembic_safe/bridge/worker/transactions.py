"""alembic's transaction: kept one a revision, and looked after when env.py or a revision touches it.

Raw alembic commits nothing, and reports success, when a transaction was open before `configure()`; and loses
the version row and all later revisions when a revision commits its connection. Here the first is ended
before alembic begins, the second adopted, and a rollback or a connection left in autocommit is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import event
from sqlalchemy.engine import Engine, RootTransaction

from alembic_safe.bridge.worker import drivers

ROLLED_BACK = "the revision rolled back alembic's own transaction, so what it had done before that is lost"
_SQL_COMMIT = re.compile(r"\s*(commit|end)\b(?!\s+prepared)", re.IGNORECASE)
_SQL_ROLLBACK = re.compile(
    r"\s*(rollback|abort)\b(?!\s+prepared)(?!(\s+(work|transaction))?\s+to\b)", re.IGNORECASE
)


class TransactionLostError(Exception):
    """A revision ended alembic's transaction in a way that cannot be mended."""


def end_open(connection: Any) -> bool:
    """Commit a transaction that is open on `connection`; False when there is none.

    What holds it (`with engine.begin()`, a transaction object kept for later) finds it ended: its own commit
    or rollback does nothing. Raises whatever SQLAlchemy raises where that cannot be done.
    """
    transaction = connection.get_transaction()
    if transaction is None or not transaction.is_active:
        return False
    transaction.commit()
    # SQLAlchemy otherwise refuses to execute inside the `with` block of a transaction that has ended
    connection._trans_context_manager = None
    if isinstance(transaction, RootTransaction):
        transaction.__class__ = _ended(type(transaction))
    return True


def _ended(cls: type[Any]) -> type[Any]:
    """A class laid out like `cls` whose ends do nothing: `__slots__` forbid doing it on the instance."""

    def nothing(self: Any, *arguments: Any, **keywords: Any) -> None:
        """Ended already, before alembic began."""

    body = {
        "__slots__": (),
        **dict.fromkeys(("commit", "rollback", "close", "prepare"), nothing),
    }
    return type(f"Ended{cls.__name__}", (cls,), body)


class TransactionWatch:
    """Sees the edges of the transaction of one context's connection while a revision's body runs."""

    def __init__(self) -> None:
        self._context: MigrationContext | None = None
        self._quiet = False
        self._autocommit = False
        self.split: list[str] = []
        # called before a revision's own commit of alembic's transaction goes to the server
        self.before_commit: Callable[[MigrationContext], None] = lambda context: None

    def install(self) -> None:
        event.listen(Engine, "commit", lambda connection: self._edge(connection, "commit"))
        event.listen(Engine, "rollback", lambda connection: self._edge(connection, "rollback"))
        event.listen(Engine, "before_cursor_execute", self._before)

    def begin(self, context: MigrationContext) -> None:
        """A body begins on `context`; edges count from here."""
        self.split = []
        self._autocommit = drivers.in_autocommit(_live(context.connection))
        self._context = context

    def end(self) -> None:
        """The body is over; alembic's own edges are no news."""
        self._context = None

    def watch_autocommit_blocks(self, context: MigrationContext) -> None:
        """Note alembic's own way of leaving the transaction, whose commits are not the revision's."""
        original = context.autocommit_block

        @contextmanager
        def autocommit_block() -> Iterator[None]:
            self.split.append("autocommit")
            if self._context is not None and not self._autocommit:
                self.before_commit(context)
            block = original()
            with self._unheard():
                block.__enter__()
            try:
                yield
            except BaseException as error:
                with self._unheard():
                    block.__exit__(type(error), error, error.__traceback__)
                raise
            with self._unheard():
                block.__exit__(None, None, None)

        context.autocommit_block = autocommit_block  # type: ignore[method-assign]

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def _before(self, connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        """A COMMIT or ROLLBACK sent as text passes by SQLAlchemy's events.

        The rollback is refused while nothing is lost yet: after it, psycopg2 and asyncpg would commit each further
        statement, and the version row, by itself. Raises `TransactionLostError`.
        """
        if _SQL_COMMIT.match(sql):
            self._edge(connection, "commit")
        elif _SQL_ROLLBACK.match(sql) and self._edge(connection, "rollback"):
            raise TransactionLostError(ROLLED_BACK)

    def _edge(self, connection: Any, kind: str) -> bool:
        """Note an edge if it is one of alembic's own transaction, and made by the revision."""
        context = self._context
        if context is None or self._quiet or self._autocommit or context.connection is None:
            # an autocommit engine "commits" after each statement without meaning anything by it
            return False
        if not drivers.same(connection, context.connection):
            return False
        self.split.append(kind)
        if kind == "commit":
            self.before_commit(context)
        return True

    def mend(self, context: MigrationContext) -> None:
        """After a body: see that the version row and the commit will go where they belong.

        Raises `TransactionLostError` when the revision rolled back or left autocommit on.
        """
        if "rollback" in self.split:
            raise TransactionLostError(ROLLED_BACK)
        connection: Any = context.connection
        live = _live(connection)
        if not self._autocommit:
            if drivers.in_autocommit(live):
                raise TransactionLostError("the revision left alembic's own connection in autocommit")
            if drivers.commits_each(live):
                # the driver has not noticed a COMMIT sent as text; its own brings it back to beginning transactions
                live.commit()
        transaction = context._transaction
        if transaction is None or not transaction.is_active:
            context._transaction = connection.get_transaction() or connection.begin()


def _live(connection: Any) -> Any:
    """The DBAPI connection under SQLAlchemy's."""
    return connection.connection.dbapi_connection
