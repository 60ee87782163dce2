"""The round trip on a clone: back to where it began and up again, all at once or each revision by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import Job
from alembic_safe.bridge.scratch import Played, Replayed, replay
from alembic_safe.model.events import EventSink
from alembic_safe.model.rehearsals import LostData, RoundTrip
from alembic_safe.model.revisions import Direction, Revision
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
    """The trips of what `ran` did last, and what a person should know of those that could not be made."""
    last = ran.replays[-1]
    revisions = [one.revision for target in last.targets for one in target.listings]
    if not revisions:
        return (), []
    trip = _Trip(workers, ran, rehearsing, job, sink, tick)
    if len(last.targets) > 1 or len(rehearsing.stands) > 1:
        return (), ["the round trip was not made: env.py configures several targets"]
    (stand,), (target,) = rehearsing.stands, last.targets
    heads = target.found.target.heads or ()
    if len(heads) > 1 or not _is_line(revisions):
        return (), ["the round trip was not made: the history has branches there"]
    if settings.rehearsal.each:
        return trip.each(stand, revisions), []
    return (trip.whole(stand, revisions, heads[0] if heads else "base"),), []


def _is_line(revisions: list[Revision]) -> bool:
    return all(len(one.down) <= 1 and not one.depends_on for one in revisions)


@dataclass(slots=True)
class _Trip:
    workers: Workers
    ran: Played
    rehearsing: Rehearsing
    job: Job
    sink: EventSink
    tick: Tick

    def whole(self, stand: Stand, revisions: list[Revision], start: str) -> RoundTrip:
        """All of them down to `start`, and up again."""
        names = tuple(one.id for one in revisions)
        there = self.rehearsing.picture_now(stand)
        down = self._go(start, "downgrade")
        if down.fault is not None:
            return RoundTrip(names, _said(down, "downgrade"))
        assert stand.before is not None
        back = self.rehearsing.picture_now(stand)
        schema, lost = trip_differences(stand.before, back), lost_data(stand.before, back)
        up = self._go(self.job.destination, "upgrade")
        if up.fault is not None:
            return _trip(names, _said(up, "second upgrade"), schema, lost)
        again = trip_differences(there, self.rehearsing.picture_now(stand))
        return _trip(names, None, schema, lost, again)

    def each(self, stand: Stand, revisions: list[Revision]) -> tuple[RoundTrip, ...]:
        """From the last one back: down, up, and down for good. Ends at the first that cannot be undone.

        What the way down of a later one did not bring back is missing from then on, and is told of that one alone.
        """
        found: list[RoundTrip] = []
        later: RoundTrip | None = None
        for position in range(len(revisions) - 1, -1, -1):
            one = revisions[position]
            start = one.down[0] if one.down else "base"
            before = stand.pictures[revisions[position - 1].id] if position else stand.before
            assert before is not None
            trip = self._one(stand, one, start, before, last=position == 0)
            found.append(trip if later is None else without(trip, later))
            later = trip
            if trip.fault is not None:
                break
        return tuple(reversed(found))

    def _one(self, stand: Stand, one: Revision, start: str, before: Picture, *, last: bool) -> RoundTrip:
        down = self._go(start, "downgrade")
        if down.fault is not None:
            return RoundTrip((one.id,), _said(down, "downgrade"))
        back = self.rehearsing.picture_now(stand)
        schema, lost = trip_differences(before, back), lost_data(before, back)
        up = self._go(one.id, "upgrade")
        if up.fault is not None:
            return _trip((one.id,), _said(up, "second upgrade"), schema, lost)
        again = trip_differences(stand.pictures[one.id], self.rehearsing.picture_now(stand))
        if not last:
            down = self._go(start, "downgrade")
            if down.fault is not None:
                return _trip((one.id,), _said(down, "second downgrade"), schema, lost, again)
        return _trip((one.id,), None, schema, lost, again)

    def _go(self, destination: str, direction: Direction) -> Replayed:
        job = replace(self.job, destination=destination, direction=direction, trace=False)
        return replay(self.workers, job, self.ran.redirect, sink=self.sink, tick=self.tick, step_seconds=None)


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
