"""How long locks are held, from what was seen of the statements of a revision."""

from __future__ import annotations

import pytest

from alembic_safe.model.facts import LockMode
from alembic_safe.model.traces import SeenRelation, Trace
from alembic_safe.rehearsal.observed import Observation, held_locks, observations
from alembic_safe.rehearsal.watching import Known, SeenStep

# a revision is not asked for
STEP = SeenStep(0, 0, None, "upgrade", {1: Known("orders", "r", 1)})  # type: ignore[arg-type]
TAKES = {"orders": LockMode.ACCESS_EXCLUSIVE}


def seen(ordinal: int, transaction: str, began: float, took: float, *, probing: float = 5.0) -> Observation:
    new = TAKES if ordinal == 1 else {}
    return Observation(ordinal, transaction, began, began + took, probing, locks=TAKES, new_locks=new)


def test_a_lock_is_held_to_the_end_of_its_transaction_without_our_own_looking() -> None:
    both = (seen(1, "7", 0.0, 0.2), seen(2, "7", 5.2, 0.3))
    (alone,) = held_locks(STEP, both, 10.6)
    assert alone.seconds == pytest.approx(0.6), "the step ends with it, after two looks of 5 s"
    (first,) = held_locks(STEP, (*both, seen(3, "", 11.0, 1.0)), 20.0)
    assert first.seconds == pytest.approx(0.5), "it ended before we looked at its last statement"


def trace(ordinal: int, *modes: str, looked: bool = True) -> Trace:
    """A second each, a second apart, in one transaction; a look takes a tenth. What is held then on `orders`."""
    relations = (SeenRelation(1, "orders", "r", modes, 1),) if modes else ()
    return Trace(ordinal, "7", 2.0 * ordinal, 2.0 * ordinal + 1, 0.1 * looked, relations, looked=looked)


def locks(*traces: Trace) -> list[tuple[int, str, float]]:
    """Which statement took what, and for how long, in a step of ten seconds."""
    step = SeenStep(0, 0, None, "upgrade", STEP.before, {one.ordinal: one for one in traces})  # type: ignore[arg-type]
    return [
        (one.first, one.mode.title, round(one.seconds, 3))
        for one in held_locks(step, observations(step), 10.0)
    ]


def test_what_a_savepoint_gives_back_is_held_to_the_next_statement_and_may_be_taken_again() -> None:
    strong, weak = "AccessExclusiveLock", "RowExclusiveLock"
    assert locks(trace(1, strong), trace(2), trace(3)) == [(1, "ACCESS EXCLUSIVE", 1.9)]
    again = locks(trace(1, strong), trace(2, weak), trace(3, strong))
    assert [one[:2] for one in again] == [(1, "ACCESS EXCLUSIVE"), (3, "ACCESS EXCLUSIVE")]


def test_a_statement_that_fails_ends_no_lock_and_takes_none_anew() -> None:
    strong = "AccessExclusiveLock"
    kept = locks(trace(1, strong), trace(2, looked=False), trace(3, strong))
    assert kept == [(1, "ACCESS EXCLUSIVE", 7.8)], "to the end of the step"
    assert locks(trace(1, strong), trace(2, looked=False)) == [(1, "ACCESS EXCLUSIVE", 7.9)]


def test_what_goes_over_a_connection_beside_does_not_hide_what_the_transaction_holds() -> None:
    def trace(ordinal: int, transaction: str, mode: str, *, beside: bool = False) -> Trace:
        orders = SeenRelation(1, "orders", "r", (mode,), 1)
        return Trace(ordinal, transaction, float(ordinal), ordinal + 0.5, 0.0, (orders,), beside=beside)

    traces = (
        trace(1, "7", "AccessExclusiveLock"),
        trace(2, "8", "ShareLock", beside=True),
        trace(3, "7", "AccessExclusiveLock"),
        trace(4, "8", "ShareLock", beside=True),
    )
    step = SeenStep(0, 0, None, "upgrade", STEP.before, {one.ordinal: one for one in traces})  # type: ignore[arg-type]
    both = observations(step)
    assert [dict(one.new_locks) for one in both] == [TAKES, {"orders": LockMode.SHARE}, {}, {}]
    ours, beside = held_locks(step, both, 10.0)
    assert (ours.first, ours.last, ours.seconds) == (1, 3, 9.0), "to the end of the step"
    assert (beside.first, beside.last, beside.seconds) == (2, 4, 2.5), "to its last statement"


def test_what_a_temporary_table_was_kept_in_is_not_told() -> None:
    made = (
        SeenRelation(2, "kept", "r", ("AccessExclusiveLock",), 2),
        SeenRelation(3, "pg_toast_temp_1.pg_toast_2_index", "i", ("AccessExclusiveLock",), 3),
    )
    gone = tuple(SeenRelation(one.oid, "", "", one.modes, 0) for one in made)
    traces = {n: Trace(n, "7", 0.0, 0.0, 0.0, each) for n, each in ((1, made), (2, gone))}
    step = SeenStep(0, 0, None, "upgrade", STEP.before, traces)  # type: ignore[arg-type]
    first, second = observations(step)
    assert (first.created, second.dropped) == (("kept",), ("kept",))


def test_a_table_of_a_person_may_be_called_as_the_servers_own_are() -> None:
    made = (
        SeenRelation(2, "pg_stuff", "r", (), 2),
        SeenRelation(3, "pg_toast.pg_toast_2", "i", (), 3),
        SeenRelation(4, "pg_temp_3.scratch", "r", (), 4),
    )
    gone = tuple(SeenRelation(one.oid, "", "", (), 0) for one in made)
    traces = {1: Trace(1, "7", 0, 1, 0, made), 2: Trace(2, "7", 1, 2, 0, gone)}
    first, second = observations(SeenStep(0, 0, None, "upgrade", STEP.before, traces))  # type: ignore[arg-type]
    assert (first.created, second.dropped) == (("pg_stuff",), ("pg_stuff",))
