"""What the supervisor makes of its guard's words, and what the guard says of who is in the way."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from alembic_safe.apply.ending import Ending
from alembic_safe.apply.guard import process
from alembic_safe.apply.guard.handle import Guard
from alembic_safe.apply.guard.judging import Judge
from alembic_safe.apply.guard.messages import (
    Blocked,
    CutEnded,
    Cutting,
    Leave,
    Looked,
    NextStep,
    Unblocked,
    Watch,
    Watching,
)
from alembic_safe.apply.guard.process import _Guard, _Place
from alembic_safe.apply.interrupts import Interrupts
from alembic_safe.bridge import Channel
from alembic_safe.errors import RefusedError
from alembic_safe.model.events import Event, Waiting
from alembic_safe.model.guarding import Cut, Look, Other, OurSession, Waiter
from alembic_safe.model.policies import ControlPolicy, GuardPolicy
from alembic_safe.model.targets import ConnectParameters, Session

_CUT = Cutting(Cut("cancel", "stall", 7, 1.1, "t", ()), 1.1)


@dataclass
class _Worker:
    """What a worker is told."""

    stops: list[str] = field(default_factory=list)

    def stop(self, why: str) -> None:
        self.stops.append(why)


@dataclass
class Ground:
    """A guard's handle, the other end of its channel, and what the handle said to people."""

    guard: Guard
    process: Channel
    events: list[Event]


@pytest.fixture
def ground() -> Iterator[Ground]:
    """The handle with its channel in the test's hands in place of a process."""
    ours, theirs = socket.socketpair()
    events: list[Event] = []
    workers: Any = SimpleNamespace(start_helper=lambda entry: SimpleNamespace(socket=ours))
    guard = Guard(workers, GuardPolicy(), ControlPolicy(), events.append)
    yield Ground(guard, Channel(theirs), events)
    guard.close()
    ours.close()
    theirs.close()


def _tick(ground: Ground) -> _Worker:
    told: Any = _Worker()
    Ending(told, 5.0, Interrupts(), "alembic-safe/r1", lambda: None, ground.guard).tick()
    return told  # type: ignore[no-any-return]


def test_a_cut_that_was_too_late_is_forgotten_unless_the_worker_was_stopped_for_it(ground: Ground) -> None:
    ground.process.send(_CUT, CutEnded(False))
    assert _tick(ground).stops == []
    assert ground.guard.cut is None and not ground.guard.withdrawn

    ground.process.send(_CUT)
    assert len(_tick(ground).stops) == 1
    ground.process.send(CutEnded(False))
    ground.guard.poll()
    assert ground.guard.cut is not None and ground.guard.withdrawn

    ground.process.send(_CUT, CutEnded(True))
    ground.guard.poll()
    assert ground.guard.cut is not None and not ground.guard.withdrawn, "it was cut after all"

    ground.guard.begin_attempt()
    assert ground.guard.cut is None and not ground.guard.withdrawn


def test_who_is_in_the_way_is_said_only_while_it_is(ground: Ground) -> None:
    other = Other(9, application="reporting", state="active")
    ground.process.send(Blocked(3.0, "t", (other,)), Unblocked(), Looked(0.0))
    ground.guard.poll()
    assert ground.events == []
    assert ground.guard.blockers == (other,), "it may be why the statement failed"
    ground.process.send(Blocked(3.0, "t", (other,)), Looked(0.0))
    ground.guard.poll()
    assert [type(event) for event in ground.events] == [Waiting]


def test_what_is_waited_for_locks_is_summed_over_the_attempts_at_a_revision(ground: Ground) -> None:
    ground.guard.begin_step("a1")
    assert ground.guard.waited() == 0
    for _ in range(2):
        ground.guard.begin_attempt()
        ground.guard.begin_step("a1")
        time.sleep(0.1)
        ground.process.send(Blocked(0.08, "t", ()))
        ground.guard.poll()
        time.sleep(0.05)
    assert 0.2 < ground.guard.waited() < 2
    ground.guard.begin_step("b2")
    assert ground.guard.waited() == 0


def _told(ground: Ground) -> list[str]:
    """What the handle has said to its process by now."""
    if select.select([ground.process], [], [], 0)[0]:
        ground.process.fill()
    return [type(one).__name__ for one in ground.process.pending()]


def test_its_process_is_told_of_the_next_revision_where_there_is_something_to_begin_anew(
    ground: Ground,
) -> None:
    ground.guard.begin_step("a1")
    ground.guard.begin_step("b2")
    assert _told(ground) == []
    ground.process.send(Looked(0.3))
    ground.guard.poll()
    assert ground.guard.total == 0.3
    ground.guard.begin_step("b2")
    assert _told(ground) == [], "another attempt at the same revision"
    ground.guard.begin_step("c3")
    ground.guard.begin_step("d4")
    assert _told(ground) == ["NextStep"] and ground.guard.total == 0


def test_an_answer_to_an_earlier_question_is_not_taken_for_the_last_one(ground: Ground) -> None:
    """What was expected was looked at before the migration had connected, so that it hid nothing yet."""
    parameters = ConnectParameters("postgresql", "psycopg", {"dbname": "app"})
    target: Any = SimpleNamespace(parameters=parameters, label="app")
    ground.guard.expect(target, "alembic-safe/r1")
    ground.process.send(Watching(1, 0, 0))

    def answer() -> None:
        ground.process.send(Watching(2, 0, 1))

    with pytest.raises(RefusedError, match="may not see"):
        ground.guard.watch(target, "alembic-safe/r1", answer)


def test_that_somebody_waits_is_said_at_once_and_then_once_a_second() -> None:
    said: list[Any] = []
    looks = iter([_look(None), _look(0.1), _look(0.2), _look(None)])
    guard = _Guard(SimpleNamespace(send=said.append))  # type: ignore[arg-type]
    watcher: Any = SimpleNamespace(look=lambda name, known: next(looks))
    watch: Any = SimpleNamespace(application_name="alembic-safe/r1")
    guard._places.append(_Place(watch, watcher, Judge(GuardPolicy())))
    for expected in ([0.0], [0.0, 0.1]):
        guard._look()
        assert [one.total for one in said] == pytest.approx(expected, abs=0.05)
    guard._look()
    assert len(said) == 2
    guard._take(NextStep())
    guard._look()
    assert len(said) == 2


def _look(waited: float | None) -> Look:
    """One session of ours, and one that has waited for it for so long."""
    ours = OurSession(Session(7, "12:00"), "12:01", 1.0, "active")
    return Look((ours,), () if waited is None else (Waiter(9, waited, "t", (7,)),))


def test_the_guard_says_when_nobody_is_waited_for_any_more() -> None:
    said: list[Any] = []
    link: Any = SimpleNamespace(send=said.append)
    watcher: Any = SimpleNamespace(describe=lambda pids, ours: tuple(Other(pid) for pid in pids))
    ours = OurSession(Session(7, "12:00"), "12:01", 1.0, "active", 0.5, "t", (9,))
    guard = _Guard(link)
    for look in (Look((ours,), (), 0), Look((ours,), (), 0), Look((), (), 0), Look((), (), 0)):
        guard._say_blockers(watcher, look)
    assert [type(one) for one in said] == [Blocked, Unblocked]


def test_an_earlier_database_is_watched_while_the_worker_is_connected_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two databases of one run; in the first somebody waits for us while the second's steps run."""
    ours = OurSession(Session(7, "12:00"), "12:01", 9.0, "idle in transaction")
    waits = Look((ours,), (Waiter(20, 2.0, "t", (7,)),), 0)
    looks = {"one": waits, "two": Look((OurSession(Session(8, "12:00")),), (), 0)}
    cuts: list[tuple[str, int]] = []
    closed: list[str] = []

    def open_watcher(parameters: ConnectParameters, *, policy: ControlPolicy) -> Any:
        name = parameters.keywords["dbname"]
        return SimpleNamespace(
            look=lambda application, known: looks[name],
            describe=lambda pids, pids_of_ours: (),
            cut=lambda kind, session, transaction: not cuts.append((kind, session.pid)),  # type: ignore[func-returns-value]
            close=lambda: closed.append(name),
            work=lambda pids: None,
        )

    monkeypatch.setattr(process, "open_watcher", open_watcher)
    guard = _Guard(SimpleNamespace(send=lambda message: None))  # type: ignore[arg-type]
    for name in ("one", "two"):
        parameters = ConnectParameters("postgresql", "psycopg", {"dbname": name})
        guard._take(Watch(1, parameters, ControlPolicy(), "alembic-safe/r1", GuardPolicy()))
    guard._look()
    assert cuts == [("terminate", 7)]
    assert closed == []
    looks["one"] = Look((), (), 0)
    guard._look()
    assert closed == ["one"], "the worker has left it"
    guard._take(Leave())
    assert closed == ["one", "two"]
