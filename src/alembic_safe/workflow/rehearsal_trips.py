"""The round trip on a clone: back to where it began and up again, all at once or each revision by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import Job
from alembic_safe.bridge.scratch import Played, Replayed, ReplayedTarget, replay
from alembic_safe.model.events import EventSink
from alembic_safe.model.rehearsals import LostData, RoundTrip
from alembic_safe.model.revisions import Direction
from alembic_safe.model.scratch import Redirect
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.comparing import Picture, lost_data
from alembic_safe.settings import Settings
from alembic_safe.workflow.rehearsal_run import Rehearsing, Stand
from alembic_safe.workflow.trip_differences import TripDifferences, trip_differences, without

Tick = Callable[[], None]
_NOTHING = TripDifferences()


def round_trips(
    settings: Settings,
    workers: Workers,
    ran: Played,
    rehearsing: Rehearsing,
    job: Job,
    *,
    sink: EventSink,
    tick: Tick,
) -> tuple[tuple[RoundTrip, ...], list[str]]:
    """The trips of what `ran` did last, and what a person should know of what was not tried by itself."""
    targets = [target for target in ran.replays[-1].targets if target.listings]
    if not targets:
        return (), []
    if any(rehearsing.stand_of(_database(one)) is None for one in targets):
        return (), ["the round trip was not made: env.py configures a file that no clone stands for"]
    trip = _Trip(workers, targets, ran.redirect, rehearsing, job, sink, tick)
    if not settings.rehearsal.each:
        return trip.whole(), []
    if len(targets) == 1 and (stand := rehearsing.stand_of(_database(targets[0]))) is not None:
        return trip.each(stand, _names(targets[0])), []
    # the pictures between the revisions of one would be told of the other
    return trip.whole(), ["--each: env.py configures several targets, which went there and back all at once"]


def _names(target: ReplayedTarget) -> tuple[str, ...]:
    return tuple(one.revision.id for one in target.listings)


def _database(target: ReplayedTarget) -> str:
    return target.found.target.database


@dataclass(slots=True)
class _Trip:
    """What ran is undone in the reverse of its order, and nothing else: with branches no other order is sure to be one.

    `targets` are those that had something to do.
    """

    workers: Workers
    targets: list[ReplayedTarget]
    redirect: Redirect
    rehearsing: Rehearsing
    job: Job
    sink: EventSink
    tick: Tick

    def whole(self) -> tuple[RoundTrip, ...]:
        """All that ran back, and up again: a trip for each database."""
        stands = [one for one in self.rehearsing.stands if self._ran_on(one)]
        there = [self.rehearsing.picture_now(one) for one in stands]
        all_of_them = {one.found.target.ordinal: _names(one) for one in self.targets}
        down = self._go(all_of_them, "downgrade")
        if down.fault is not None:
            return tuple(self._told(one, _said(down, "downgrade")) for one in stands[:1])
        pictures = [(one.before, self.rehearsing.picture_now(one)) for one in stands]
        back = [_back(before, after) for before, after in pictures]
        up = self._go(all_of_them, "upgrade")
        if up.fault is not None:
            fault = _said(up, "second upgrade")
            return tuple(self._told(one, fault, *was) for one, was in zip(stands, back, strict=True))
        again = [
            trip_differences(then, self.rehearsing.picture_now(one))
            for one, then in zip(stands, there, strict=True)
        ]
        return tuple(
            self._told(one, None, *was, now) for one, was, now in zip(stands, back, again, strict=True)
        )

    def each(self, stand: Stand, names: tuple[str, ...]) -> tuple[RoundTrip, ...]:
        """From the last one back: down, up, and down for good. Ends at the first that cannot be undone.

        What the way down of a later one did not bring back is missing from then on, and is told of that one alone.
        """
        found: list[RoundTrip] = []
        later: RoundTrip | None = None
        for position in range(len(names) - 1, -1, -1):
            before = stand.pictures[names[position - 1]] if position else stand.before
            trip = self._one(stand, names[position], before, last=position == 0)
            found.append(trip if later is None else without(trip, later))
            later = trip
            if trip.fault is not None:
                break
        return tuple(reversed(found))

    def _one(self, stand: Stand, name: str, before: Picture | None, *, last: bool) -> RoundTrip:
        this = {self.targets[0].found.target.ordinal: (name,)}
        down = self._go(this, "downgrade")
        if down.fault is not None:
            return RoundTrip((name,), _said(down, "downgrade"))
        schema, lost = _back(before, self.rehearsing.picture_now(stand))
        up = self._go(this, "upgrade")
        if up.fault is not None:
            return _trip((name,), _said(up, "second upgrade"), schema, lost)
        again = trip_differences(stand.pictures[name], self.rehearsing.picture_now(stand))
        if not last:
            down = self._go(this, "downgrade")
            if down.fault is not None:
                return _trip((name,), _said(down, "second downgrade"), schema, lost, again)
        return _trip((name,), None, schema, lost, again)

    def _ran_on(self, stand: Stand) -> list[str]:
        """What ran on a clone, each once: a clone may hold several targets."""
        here = [one for one in self.targets if self.rehearsing.stand_of(_database(one)) is stand]
        return list(dict.fromkeys(name for one in here for name in _names(one)))

    def _told(
        self,
        stand: Stand,
        fault: str | None,
        back: TripDifferences = _NOTHING,
        lost: tuple[LostData, ...] = (),
        again: TripDifferences = _NOTHING,
    ) -> RoundTrip:
        told = _trip(tuple(self._ran_on(stand)), fault, back, lost, again)
        several = len(self.rehearsing.stands) > 1
        return replace(told, database=stand.clone.stands_for or stand.clone.name) if several else told

    def _go(self, names: Mapping[int, tuple[str, ...]], direction: Direction) -> Replayed:
        """Run these revisions of each target, by its ordinal, in the order in which they ran or its reverse."""
        ordered = tuple(
            names.get(ordinal, ())[:: -1 if direction == "downgrade" else 1]
            for ordinal in range(max(names) + 1)
        )
        job = replace(self.job, exactly=ordered, direction=direction, trace=False)
        return replay(self.workers, job, self.redirect, sink=self.sink, tick=self.tick, step_seconds=None)


def _back(before: Picture | None, after: Picture) -> tuple[TripDifferences, tuple[LostData, ...]]:
    assert before is not None  # taken as the first revision began
    return trip_differences(before, after), lost_data(before, after)


def _trip(
    names: tuple[str, ...],
    fault: str | None,
    back: TripDifferences,
    lost: tuple[LostData, ...],
    again: TripDifferences = _NOTHING,
) -> RoundTrip:
    apart = tuple(dict.fromkeys((*back.apart, *again.apart)))
    return RoundTrip(names, fault, back.schema, again.schema, lost, apart)


def _said(one: Replayed, what: str) -> str:
    assert one.fault is not None
    where = f" of {one.fault.revision}" if one.fault.revision else ""
    return f"the {what}{where} fails: {one.fault.message}"
