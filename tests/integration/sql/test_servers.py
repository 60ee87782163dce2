"""Every table of server knowledge, held by real servers of every version at hand."""

from __future__ import annotations

import itertools
from typing import Any

import psycopg
import pytest

from alembic_safe.model.facts import LockMode
from alembic_safe.sql.server.functions import volatility_of
from alembic_safe.sql.server.locks import conflict
from alembic_safe.sql.server.typenames import BUILTIN_TYPES
from tests.integration.sql.observing import cases
from tests.integration.sql.recording import Worlds, observed, recorded

_VOLATILITY = """
SELECT proname, max(CASE provolatile WHEN 'i' THEN 0 WHEN 's' THEN 1 ELSE 2 END)
FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND NOT proargtypes::regtype[] @> ARRAY['internal'::regtype]
  AND prorettype NOT IN (SELECT oid FROM pg_type WHERE typtype = 'p' AND typname LIKE ANY (
      ARRAY['internal', '%trigger', '%handler']))
GROUP BY proname
"""
_RANKS = {"immutable": 0, "stable": 1, "volatile": 2}


@pytest.mark.slow
def test_servers_do_what_was_recorded(any_pg_database: Any) -> None:
    truth, major = recorded(), any_pg_database.major
    worlds = Worlds(any_pg_database.server.connect, any_pg_database.name + "_world")
    wrong = []
    try:
        for case in cases():
            if case.first <= major <= case.last:
                seen = observed(case, worlds.connection)
                if seen != truth[case.id][str(major)]:
                    wrong.append((case.id, seen, truth[case.id][str(major)]))
    finally:
        worlds.close()
    assert wrong == []


def test_modes_conflict_as_the_table_says(any_pg_database: Any) -> None:
    one, other = any_pg_database.connect(), any_pg_database.connect()
    one.execute("CREATE TABLE t (a int)")
    for held, wanted in itertools.product(LockMode, LockMode):
        one.execute(f"BEGIN; LOCK TABLE t IN {held.title} MODE")
        other.execute("BEGIN")
        try:
            other.execute(f"LOCK TABLE t IN {wanted.title} MODE NOWAIT")
            refused = False
        except psycopg.errors.LockNotAvailable:
            refused = True
        other.execute("ROLLBACK")
        one.execute("ROLLBACK")
        assert conflict(held, wanted) is refused, (held, wanted)


def test_functions_are_as_volatile_as_the_table_says(any_pg_database: Any) -> None:
    lower = []
    for name, rank in any_pg_database.fetch(_VOLATILITY):
        said = volatility_of(name)
        # the table keeps the worst of all versions, so it may say more than this one and never less
        if said == "unknown" or _RANKS.get(said, -1) < rank:
            lower.append((name, said, rank))
    assert lower == []


def test_no_builtin_type_is_a_domain_or_unknown(any_pg_database: Any) -> None:
    extensions = {"citext", "hstore", "ltree", "lquery", "ltxtquery", "cube"} | {
        "vector", "halfvec", "sparsevec", "geometry", "geography", "smallserial", "serial", "bigserial",
    }  # fmt: skip
    for name in sorted(BUILTIN_TYPES - extensions):
        kind = any_pg_database.fetch("SELECT typtype::text FROM pg_type WHERE oid = to_regtype(%s)", (name,))
        assert kind and kind[0][0] != "d", name


@pytest.mark.parametrize(
    ("statement", "waits_for", "expected"),
    [
        ("CREATE INDEX CONCURRENTLY x ON t (b)", "INSERT INTO t VALUES (1)", "ShareUpdateExclusiveLock"),
        ("DROP INDEX CONCURRENTLY t_a", "INSERT INTO t VALUES (1)", "ShareUpdateExclusiveLock"),
        ("REINDEX TABLE CONCURRENTLY t", "INSERT INTO t VALUES (1)", "ShareUpdateExclusiveLock"),
        ("VACUUM t", "LOCK TABLE u IN ACCESS EXCLUSIVE MODE", ""),
    ],
)
def test_concurrent_builds_lock_weakly(
    any_pg_database: Any, statement: str, waits_for: str, expected: str
) -> None:
    """While the statement waits for a writer its own lock is looked at."""
    writer, builder = any_pg_database.connect(), any_pg_database.connect()
    writer.execute("CREATE TABLE t (a int, b int)")
    writer.execute("CREATE TABLE u ()")
    writer.execute("CREATE INDEX t_a ON t (a)")
    writer.execute(f"BEGIN; {waits_for}".encode())
    builder.execute("SET statement_timeout = '700ms'")
    seen = set()
    pid = builder.info.backend_pid
    builder.pgconn.send_query(statement.encode())
    watcher = any_pg_database.connect()
    for _ in range(60):
        rows = watcher.execute(
            "SELECT mode FROM pg_locks WHERE pid = %s AND relation = 't'::regclass AND granted", (pid,)
        )
        seen |= {row[0] for row in rows}
        if seen:
            break
    builder.pgconn.get_result()
    writer.execute("ROLLBACK")
    builder.close()
    if expected:
        assert seen
        strongest = max(seen, key=lambda mode: next(m for m in LockMode if m.server_name == mode))
        assert strongest == expected
