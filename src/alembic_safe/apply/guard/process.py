"""The guard's process: looks every 100 ms, acts on what it sees, and ends the run's sessions if the supervisor dies."""

from __future__ import annotations

import os
import select
import socket
import time
from contextlib import suppress
from dataclasses import field
from typing import Any

from alembic_safe.apply.guard.judging import Act, Judge
from alembic_safe.apply.guard.messages import (
    Blocked,
    CutEnded,
    Cutting,
    Leave,
    Looked,
    Lost,
    NextStep,
    Unblocked,
    Watch,
    Watching,
    Working,
)
from alembic_safe.bridge import Channel, ChannelClosedError
from alembic_safe.databases import open_watcher
from alembic_safe.errors import AlembicSafeError, RefusedError
from alembic_safe.model.guarding import Cut, Look
from alembic_safe.model.protocols import Watcher
from alembic_safe.model.targets import Session
from alembic_safe.quick import dataclass

LOOK_SECONDS = 0.1
_ALIVE_SECONDS = 1.0
_WORK_SECONDS = 2.0


def main(channel: int) -> None:
    """Guard until told to leave, or until the channel closes. Never returns."""
    link = Channel(socket.socket(fileno=channel))
    guard = _Guard(link)
    status = 0
    try:
        guard.run()
    except ChannelClosedError:
        guard.end_orphans()
    except BaseException as error:
        status = 1
        said = error.message if isinstance(error, AlembicSafeError) else f"{type(error).__name__}: {error}"
        with suppress(ChannelClosedError):
            link.send(Lost(said))
    finally:
        # nothing here wants an orderly end, and the fork server's own exit handlers are not ours to run
        os._exit(status)


@dataclass(slots=True)
class _Place:
    """A database that is watched. `known` are the sessions of ours that the last look saw."""

    watch: Watch
    watcher: Watcher
    judge: Judge
    known: set[Session] = field(default_factory=set)

    def look(self) -> Look:
        """Look once."""
        look = self.watcher.look(self.watch.application_name, self.known)
        self.known = {one.session for one in look.ours}
        return look


class _Guard:
    """The loop's state.

    `places` are the database whose steps are running, which is the last, and those before it in the run where the
    worker still has a session: env.py, or a later database's revision, may hold a lock there.
    """

    def __init__(self, link: Channel) -> None:
        self._link = link
        self._places: list[_Place] = []
        self._said_blockers: tuple[int, ...] = ()
        self._alive = 0.0
        self._said_total = 0.0
        self._worked = 0.0
        self._left = False

    def run(self) -> None:
        """Raises `ChannelClosedError` when the supervisor is gone, and whatever keeps it from watching."""
        at = time.monotonic()
        while not self._left:
            at = max(at + LOOK_SECONDS, time.monotonic())
            self._listen(at)
            if self._places and not self._left:
                self._look()

    def _listen(self, until: float) -> None:
        """Take what the supervisor says until it is time to look."""
        while not self._left:
            left = until - time.monotonic()
            wait = max(0.0, left) if self._places else None
            if not select.select([self._link], [], [], wait)[0]:
                return
            self._link.fill()
            for message in self._link.pending():
                self._take(message)

    def _take(self, message: Any) -> None:
        if isinstance(message, Watch):
            self._begin(message)
        elif isinstance(message, NextStep):
            for place in self._places:
                place.judge.begin_step()
            self._said_total = 0.0
        elif isinstance(message, Leave):
            self._left = True
            for place in self._places:
                place.watcher.close()

    def _begin(self, watch: Watch) -> None:
        place = next((one for one in self._places if one.watch.parameters == watch.parameters), None)
        if place is None:
            place = _Place(watch, open_watcher(watch.parameters, policy=watch.control), Judge(watch.policy))
        else:
            self._places.remove(place)
            place.watch = watch
        self._places.append(place)
        look = place.look()
        self._link.send(Watching(watch.number, len(look.ours), look.hidden))

    def _look(self) -> None:
        looked = [(place, place.look()) for place in self._places]
        now = time.monotonic()
        for place, look in looked:
            for act in place.judge.see(look, now):
                self._act(place.watcher, act, look)
        place, look = max(looked, key=lambda one: _longest_wait(one[1]))
        self._say_blockers(place.watcher, look)
        total = self._total()
        # that there is something to sum is said at once: only then the supervisor tells where the next step begins
        if now - self._alive >= _ALIVE_SECONDS or (total and not self._said_total):
            self._alive, self._said_total = now, total
            self._link.send(Looked(total))
        if now - self._worked >= _WORK_SECONDS:
            self._worked = now
            for place, look in looked:
                self._say_work(place.watcher, look)
        self._let_go(looked)

    def _let_go(self, looked: list[tuple[_Place, Look]]) -> None:
        """Leave earlier databases where nothing of ours is connected any more."""
        for place, look in looked[:-1]:
            if not look.ours:
                place.watcher.close()
                self._places.remove(place)

    def _total(self) -> float:
        return sum(place.judge.total for place in self._places)

    def _act(self, watcher: Watcher, act: Act, look: Look) -> None:
        pids = {one.session.pid for one in look.ours}
        others = watcher.describe(act.others[:5], pids)
        session = act.ours.session
        cut = Cut(act.kind, act.reason, session.pid, act.waited, act.waits_for, others)
        self._link.send(Cutting(cut, self._total()))
        try:
            done = watcher.cut(act.kind, session, act.ours.transaction)
        except RefusedError as error:
            self._link.send(CutEnded(False, error.message))
        else:
            self._link.send(CutEnded(done))

    def _say_blockers(self, watcher: Watcher, look: Look) -> None:
        """Name who is in our way, once for each set of them; and say when nobody is any more."""
        waiting = [one for one in look.ours if one.waited is not None and one.blockers]
        if not waiting:
            if self._said_blockers:
                self._link.send(Unblocked())
            self._said_blockers = ()
            return
        worst = max(waiting, key=lambda one: one.waited or 0.0)
        if worst.blockers != self._said_blockers:
            self._said_blockers = worst.blockers
            others = watcher.describe(worst.blockers[:5], {one.session.pid for one in look.ours})
            self._link.send(Blocked(worst.waited or 0.0, worst.waits_for, others))

    def _say_work(self, watcher: Watcher, look: Look) -> None:
        long = [one.session.pid for one in look.ours if one.transaction and one.age > _WORK_SECONDS]
        work = watcher.work(long) if long else None
        if work is not None:
            self._link.send(Working(work))

    def end_orphans(self) -> None:
        """End the sessions of a run whose supervisor is gone, whatever they do."""
        for place in self._places:
            with suppress(AlembicSafeError):
                place.watcher.end([one.session for one in place.look().ours])


def _longest_wait(look: Look) -> float:
    """Of ours; below 0 where none waits."""
    return max((one.waited for one in look.ours if one.waited is not None and one.blockers), default=-1.0)
