"""What a clone's times let expect of a target of another size."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alembic_safe.model.facts import LockMode
from alembic_safe.model.revisions import Source, Statement
from alembic_safe.rehearsal.forecasting import Reading, Sizes, forecast
from alembic_safe.rehearsal.observed import Observation

MB = 1_000_000
SMALL, LARGE = {"orders": 10 * MB, "tiny": 1000}, {"orders": 200 * MB, "tiny": 900 * MB}


def expected(one: Observation, sizes: Sizes, seconds: float = 0.5) -> float | None:
    statement = Statement(1, "ALTER TABLE orders ...", Source("r.py", 3), duration=seconds)
    return forecast([statement], {1: one}, sizes)[1]


def seen(*scanned: str, said: tuple[str, ...] = ()) -> Observation:
    return Observation(1, "7", 0.0, 0.5, 0.0, scanned=scanned, said=said)


def test_work_on_a_table_takes_as_much_longer_as_it_is_larger() -> None:
    assert expected(seen("orders"), Sizes(SMALL, LARGE)) == pytest.approx(10.0)
    assert expected(seen(), Sizes(SMALL, LARGE)) == 0.5, "works on no table"
    assert expected(seen("orders"), Sizes(SMALL, {}, same=True)) == 0.5, "a backup has the target's rows"
    assert expected(seen("orders"), Sizes(SMALL, {})) is None, "nobody was asked how large it is there"


def test_sorting_counts_more_where_the_clone_had_workers_for_it_too() -> None:
    alone = 'DEBUG1: building index "ix" on table "orders" serially'
    by_workers = 'DEBUG1: building index "ix" on table "orders" with request for 2 parallel workers'
    assert expected(seen("orders", said=(alone,)), Sizes(SMALL, LARGE)) == pytest.approx(10.0)
    more = expected(seen("orders", said=(by_workers,)), Sizes(SMALL, LARGE))
    assert more is not None
    assert 10.5 < more < 14


def test_of_a_clone_that_is_all_but_empty_only_the_bytes_there_count() -> None:
    """Never "at once" for what has to read 900 MB."""
    assert expected(seen("tiny"), Sizes(SMALL, LARGE, speed=30e6), 0.001) == pytest.approx(30.001)


def test_a_loop_over_rows_is_repeated_for_each_row_there() -> None:
    statements = [Statement(n, "UPDATE ...", Source("r.py", 3), duration=0.01) for n in range(1, 21)]
    one = Observation(1, "7", 0, 0, 0, locks={"orders": LockMode.ROW_EXCLUSIVE})
    found = forecast(statements, dict.fromkeys(range(1, 21), one), Sizes(SMALL, LARGE))
    assert sum(seconds or 0.0 for seconds in found.values()) == pytest.approx(20 * 0.01 * 20)


def test_what_a_scan_finds_in_the_clones_buffers_is_read_where_the_target_has_not_room_for_it() -> None:
    def with_buffers(there: int, one: Observation) -> float:
        reading = Reading(128 * MB, there, 1e-4, SMALL, LARGE)
        found = expected(one, Sizes(SMALL, LARGE, reading=reading))
        assert found is not None
        return found

    pages = 200 * MB / 8192
    assert with_buffers(1600 * MB, seen("orders")) == pytest.approx(10.0), "it lies in buffers there too"
    assert with_buffers(128 * MB, seen("orders")) == pytest.approx(10.0 + pages * 1e-4)
    half = replace(seen("orders"), pages=1000, read=500)
    assert with_buffers(128 * MB, half) == pytest.approx(10.0 + pages / 2 * 1e-4), "half was read here too"
    assert with_buffers(128 * MB, seen()) == 0.5, "no scan"
