"""The supervisor's side of the guard: starts it, hears what it sees, and notices when it is lost."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

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
from alembic_safe.apply.guard.meter import WaitMeter
from alembic_safe.bridge import Channel, ChannelClosedError, Workers
from alembic_safe.bridge.worker.masking import mask_secrets, mask_sql
from alembic_safe.errors import RefusedError, RevisionFailedError
from alembic_safe.model.events import EventSink, StatementProgress, Waiting
from alembic_safe.model.guarding import Cut, Other
from alembic_safe.model.policies import ControlPolicy, GuardPolicy
from alembic_safe.model.targets import Target

ENTRY = "alembic_safe.apply.guard.process"
_SILENT_SECONDS = 8.0
_SAY_AFTER = 2.0
_SAY_EVERY = 10.0


class GuardLostError(RevisionFailedError):
    """The guard ended or saw nothing any more, so the run was stopped."""

    default_hint = "What was open is rolled back. Run the same command again."


class Guard:
    """One guard process. Its findings are of the attempt that runs: `begin_attempt` clears them."""

    def __init__(
        self, workers: Workers, policy: GuardPolicy, control: ControlPolicy, sink: EventSink
    ) -> None:
        self._policy, self._control, self._sink = policy, control, sink
        self._helper = workers.start_helper(ENTRY)
        self._channel = Channel(self._helper.socket)
        # asked before each message of the worker: registering it once makes that cheap
        self._ready = select.poll()
        self._ready.register(self._channel, select.POLLIN)
        self._heard = time.monotonic()
        self._watching: Watching | None = None
        # how often it was told what to watch
        self._told = 0
        self._secrets: tuple[str, ...] = ()
        self._waiting_since: float | None = None
        self._meter = WaitMeter()
        self._said = 0.0
        self._step: object = None
        self.lost: str | None = None
        self.cut: Cut | None = None
        self.powerless: str | None = None
        self.blockers: tuple[Other, ...] = ()
        self.waits_for = ""
        self.total = 0.0
        self._counted = False
        # the worker was stopped for a cut that was not made: there was nothing left to cut
        self.withdrawn = False
        self._acted = self._heeded = False
        self._target = ""

    def begin_attempt(self) -> None:
        """A new worker: nothing is known against it."""
        self.poll()
        self.waited_no_more()
        self.cut, self.powerless, self.blockers, self.waits_for = None, None, (), ""
        self._acted = self._heeded = self.withdrawn = False

    def expect(self, target: Target, application_name: str) -> None:
        """Have it connect to the target's database already, while the worker imports the project."""
        self._tell_to_watch(target, application_name)

    def _tell_to_watch(self, target: Target, application_name: str) -> None:
        self._told += 1
        self._watching = None
        self._send(Watch(self._told, target.parameters, self._control, application_name, self._policy))

    def watch(self, target: Target, application_name: str, tick: Callable[[], None]) -> None:
        """See that the guard watches the target's database, before anything is done on it.

        Raises `GuardLostError` when it cannot, `RefusedError` where it could see but not help.
        """
        self._secrets = target.parameters.secrets()
        self._target = target.label
        self._tell_to_watch(target, application_name)
        deadline = time.monotonic() + self._control.connect_timeout + _SILENT_SECONDS
        while self._watching is None and self.lost is None:
            if time.monotonic() > deadline:
                self.lost = "it does not answer"
            select.select([self._channel], [], [], 0.05)
            self.poll()
            tick()
        self.check()
        if self._watching is not None and self._watching.hidden:
            raise RefusedError(
                "the guard may not see the sessions of the migration: its role is another",
                hint="Let `control-url` name the role that env.py connects as, or grant its role"
                " pg_read_all_stats and pg_signal_backend.",
            )

    def begin_step(self, revision: object) -> None:
        """Another revision than before sums its stalls anew."""
        if revision != self._step:
            self._step, self.total = revision, 0.0
            self._meter.begin_step(time.monotonic())
            if self._counted:  # else there is nothing to begin anew, which saves waking it for each revision
                self._counted = False
                self._send(NextStep())

    def check(self) -> None:
        """Raise `GuardLostError` when it is lost."""
        if self.lost is not None:
            raise GuardLostError(f"the guard is lost, and without it nothing is run: {self.lost}")

    def poll(self) -> None:
        """Take what it said, without waiting. Called at least every 0.1 s."""
        if self.lost is not None:
            return
        try:
            while self._ready.poll(0):
                self._channel.fill()
                for message in self._channel.pending():
                    self._take(message)
        except ChannelClosedError:
            self.lost = self.lost or "its process ended"
        if self._watching is not None and time.monotonic() - self._heard > _SILENT_SECONDS:
            self.lost = f"it said nothing for {_SILENT_SECONDS:.0f} s"

    def _take(self, message: Any) -> None:
        self._heard = time.monotonic()
        if isinstance(message, Watching):
            self._watching = message if message.number == self._told else self._watching
        elif isinstance(message, Looked):
            self._count(message.total)
            self._say_waiting()
        elif isinstance(message, Blocked):
            self.blockers, self.waits_for = self._shown(message.others), message.waits_for
            self._waiting_since = self._heard - message.waited
            self._meter.waits(self._waiting_since)
        elif isinstance(message, Unblocked):
            self.waited_no_more()  # who was in the way is kept: it may be why the statement failed
        elif isinstance(message, Cutting):
            self._take_cut(message)
        elif isinstance(message, CutEnded):
            self.powerless = message.refused or self.powerless
            self._acted = self._acted or message.done
            if not (self._acted or self.powerless):
                # what was to be cut had ended by itself; but a worker that was told to stop does so
                self.withdrawn, self.cut = self._heeded, self.cut if self._heeded else None
        elif isinstance(message, Working):
            work = message.work
            self._sink(StatementProgress(self._target, work.command, work.phase, work.done, work.total))
        elif isinstance(message, Lost):
            self.lost = message.message

    def _take_cut(self, message: Cutting) -> None:
        first = self.cut if self.cut is not None and self.cut.reason == message.cut.reason else message.cut
        # who waited is known best at the first cut; the second only says that the first did not help
        self.cut = replace(message.cut, others=self._shown(first.others), waits_for=first.waits_for)
        self._count(message.total)
        self.withdrawn = False

    def _count(self, total: float) -> None:
        self.total, self._counted = total, total > 0

    def heed(self) -> None:
        """The worker is told to stop for the cut: that stays why it stops, also if the cut came too late."""
        self._heeded = True

    def _say_waiting(self) -> None:
        """Name a long wait of ours from time to time, while it lasts."""
        if self._waiting_since is None or not self.blockers:
            return
        waited = self._heard - self._waiting_since
        if waited >= _SAY_AFTER and self._heard - self._said >= _SAY_EVERY:
            self._said = self._heard
            self._sink(Waiting(self.waits_for, "; ".join(map(str, self.blockers)), waited))

    def waited_no_more(self) -> None:
        """The statement that waited has ended, or has what it waited for."""
        self._waiting_since = None
        self._meter.ended(time.monotonic())

    def waited(self) -> float:
        """For how long (s) the attempts at the step that runs have waited for locks; asked when it has ended."""
        self.waited_no_more()
        return self._meter.total

    def _shown(self, others: tuple[Other, ...]) -> tuple[Other, ...]:
        """Other people's statements without their values."""
        return tuple(
            replace(one, query=mask_secrets(mask_sql(one.query), self._secrets).rstrip("; \n")[:200])
            for one in others
        )

    def _send(self, message: Any) -> None:
        try:
            self._channel.send(message)
        except ChannelClosedError:
            self.lost = self.lost or "its process ended"

    def close(self) -> None:
        """Send it away; what starts workers sees it end. Never raises."""
        self._send(Leave())


def describe_cut(cut: Cut) -> str:
    """Why the guard cut, as a clause: "sessions of the application waited 1.1 s for it (...)"."""
    others = "; ".join(map(str, cut.others))
    if cut.reason == "stall":
        return f"the application had waited {cut.waited:.1f} s for it ({cut.waits_for}: {others})"
    if cut.reason == "own blocker":
        return f"it waited for another connection of the migration itself, which cannot end ({cut.waits_for}: {others})"
    return f"it had waited {cut.waited:.0f} s for others ({cut.waits_for}: {others})"
