"""CREATE INDEX CONCURRENTLY and its like: tried again one by one, and never hidden by IF NOT EXISTS.

They commit on their own, so that their revision cannot be run again as a whole. One that lost a deadlock or a wait is
told of, and run again if the supervisor, which has cleaned up what it left, says so.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from alembic_safe.bridge.messages import HALF_DETACHED, Again, StatementStuck
from alembic_safe.bridge.worker import explain
from alembic_safe.bridge.worker.capture import StatementCapture, is_autocommit
from alembic_safe.bridge.worker.link import Link

CONCURRENT = re.compile(r"\bconcurrently\b", re.IGNORECASE)
_NAME = r"\"(?:[^\"]|\"\")+\"|[^\s\"(.]+"
_IF_NOT_EXISTS = re.compile(
    rf"\bcreate\s+(?:unique\s+)?index\s+(?:concurrently\s+)?if\s+not\s+exists\s+({_NAME})"
    rf"(?:\s+on\s+(?:only\s+)?((?:(?:{_NAME})\s*\.\s*)?(?:{_NAME})))?",
    re.IGNORECASE,
)
_DETACH = re.compile(r"\bdetach\s+partition\b", re.IGNORECASE)
_INVALID = """select n.nspname::text from pg_catalog.pg_index i
 join pg_catalog.pg_class c on c.oid = i.indexrelid and c.relkind = 'i'
 join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where not i.indisvalid and c.relname = '{name}'"""
# an index stands in the schema of its table; another tenant's of the same name is none of this statement's business
_IN_SCHEMA_OF = """ and c.relnamespace = (select t.relnamespace from pg_catalog.pg_class t
 where t.oid = pg_catalog.to_regclass('{table}'))"""
# waited in vain, lost a deadlock. Not query_canceled (57014): a statement_timeout would pass again, and whoever
# cancelled it (a DBA, the guard) meant it
_WORTH_ANOTHER = {"55P03", "40P01"}


class InvalidIndexError(Exception):
    """IF NOT EXISTS would have passed over an index that is INVALID."""


class ConcurrentStatements:
    """Listens for the life of a worker; acts while a revision's body runs."""

    def __init__(self, link: Link, capture: StatementCapture) -> None:
        self._link = link
        self._capture = capture

    def install(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._refuse_invalid)
        event.listen(Engine, "do_execute", self._execute)
        event.listen(Engine, "do_execute_no_params", self._execute_no_params)

    def _execute(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        return self._run(
            cursor, sql, context, lambda text: context.dialect.do_execute(cursor, text, parameters, context)
        )

    def _execute_no_params(self, cursor: Any, sql: str, context: Any) -> bool:
        return self._run(
            cursor, sql, context, lambda text: context.dialect.do_execute_no_params(cursor, text, context)
        )

    def _run(self, cursor: Any, sql: str, context: Any, execute: Any) -> bool:
        """Whether the statement was executed here; False leaves it to SQLAlchemy."""
        if self._capture.recording is None or not CONCURRENT.search(sql):
            return False
        if context.dialect.name != "postgresql" or not is_autocommit(context.root_connection):
            return False
        while True:
            try:
                execute(sql)
            except Exception as error:
                another = self._ask(cursor, error)
                if another is None:
                    raise
                sql = another or sql
            else:
                return True

    def _ask(self, cursor: Any, error: Exception) -> str | None:
        """The SQL to run now, "" for the same again; None to let it fail."""
        statement, state = self._capture.running(cursor), explain.sqlstate(error)
        if statement is None or state is None or self._link.stopped is not None:
            return None
        if state not in _WORTH_ANOTHER and not (state == HALF_DETACHED and _DETACH.search(statement.sql)):
            return None
        answer = self._link.ask_for(StatementStuck(statement, state, explain.describe(error)))
        return answer.sql if isinstance(answer, Again) else None

    def _refuse_invalid(self, connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        found = _IF_NOT_EXISTS.search(sql)
        if found is None or self._capture.recording is None or connection.dialect.name != "postgresql":
            return
        name = found[1][1:-1].replace('""', '"') if found[1].startswith('"') else found[1].lower()
        own = connection.connection.dbapi_connection.cursor()
        try:
            own.execute(_invalid_query(name, found[2]))
            row = own.fetchone()
        finally:
            own.close()
        if row is not None:
            raise InvalidIndexError(
                f"index {row[0]}.{name} exists and is INVALID, and IF NOT EXISTS would leave it so:"
                f" run DROP INDEX CONCURRENTLY {row[0]}.{name} first"
            )


def _invalid_query(name: str, table: str | None) -> str:
    """`table` as the statement names it; None where that was not understood: then any schema's counts."""
    sql = _INVALID.format(name=_escaped(name))
    return sql + _IN_SCHEMA_OF.format(table=_escaped(table)) if table else sql


def _escaped(text: str) -> str:
    """For a literal, in a text in which a driver may look for parameters."""
    return text.replace("'", "''").replace("%", "%%")
