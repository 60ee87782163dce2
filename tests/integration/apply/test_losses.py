"""What a large table would lose is told by the planner's statistics, and never as nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alembic_safe.workflow.losses import _estimated


@dataclass(frozen=True, slots=True)
class _Place:
    """The part of a site that is asked."""

    database: Any


def test_estimates(pg_database: Any, scene: Any) -> None:
    pg_database.fetch(
        """CREATE TABLE "T x" AS SELECT n AS "full", CASE WHEN n % 4 = 0 THEN n END AS quarter, NULL::int AS empty
           FROM generate_series(1, 1000) AS n"""
    )
    pg_database.fetch('ANALYZE "T x"')
    pg_database.fetch('ALTER TABLE "T x" ADD COLUMN "Not Analysed" int')
    pg_database.fetch("CREATE TABLE p (id int, note text) PARTITION BY RANGE (id)")
    pg_database.fetch("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (5000)")
    pg_database.fetch(
        "INSERT INTO p SELECT n, CASE WHEN n % 2 = 0 THEN 'x' END FROM generate_series(1, 1000) AS n"
    )
    pg_database.fetch("ANALYZE p")
    site: Any = _Place(scene(pg_database).database)
    cases = [
        ("", 1000.0, 1000),
        ("", None, None),
        ("full", 1000.0, 1000),
        ("quarter", 1000.0, 250),
        ("empty", 1000.0, None),  # by a sample: none is not proven
        ("Not Analysed", 1000.0, None),
    ]
    for column, rows, expected in cases:
        assert _estimated(site, 'public."T x"', column, rows) == expected, column
    assert _estimated(site, "public.p", "note", 1000.0) == 500, "a partitioned table is asked as a whole"
