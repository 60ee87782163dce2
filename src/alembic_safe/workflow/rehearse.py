"""`rehearse`: the pending revisions on a clone, with what they were seen to do, and what that lets expect."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import field, replace
from datetime import datetime, timezone
from pathlib import Path

from alembic_safe.apply import Interrupts
from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import Job
from alembic_safe.bridge.scratch import Fault, Played, played
from alembic_safe.databases import ScratchPlace
from alembic_safe.errors import RefusedError, RevisionFailedError, UnknownRevisionError, UsageError
from alembic_safe.model.events import EventSink, Notice, ignore
from alembic_safe.model.findings import Judgement
from alembic_safe.model.rehearsals import OldApplication, RehearsedTarget, RehearseResult, RoundTrip
from alembic_safe.model.results import Failure, ReportedFinding
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.checking import require_readable
from alembic_safe.rehearsal.filling import Filling
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.as_it_ran import not_reached
from alembic_safe.workflow.beside import seen_beside
from alembic_safe.workflow.changed import repository_root
from alembic_safe.workflow.context import Phases, new_run_id
from alembic_safe.workflow.gating import worst
from alembic_safe.workflow.rehearsal_judging import Judged, judged_run
from alembic_safe.workflow.rehearsal_proof import Proven
from alembic_safe.workflow.rehearsal_run import Begun, Rehearsing
from alembic_safe.workflow.rehearsal_sources import Origin, origin, place_for
from alembic_safe.workflow.rehearsal_trips import round_trips
from alembic_safe.workflow.rowless import lines_of

Tick = Callable[[], None]
_MOST_PLACES = 4
MOST_TARGETS = 64  # of one env.py, a tenant loop's
UNSTOPPED = (
    "connections that code in C opens by itself, foreign servers that a revision makes or that are of another kind"
    " than PostgreSQL's, what triggers and functions do with dblink, SQL that a DO block puts together, libpq called by"
    " hand, and web services are not kept from what they reach"
)


def rehearse(settings: Settings, what: str | None = None, *, sink: EventSink = ignore) -> RehearseResult:
    """Run what is pending, or the range `what` ("a1:b2", "b2"), on a clone; the target is only ever read.

    Exit 5 where a revision fails there, 3 where the gate refuses what was seen, a budget is exceeded, the round trip
    leaves another schema, or the running application's code fails. Raises `UsageError`, `RefusedError`, `BackupError`.
    """
    began, destination = _range(what)
    require_readable(settings.rehearsal.check_sql)
    phases = Phases(sink)
    with ExitStack() as stack:
        interrupts = stack.enter_context(Interrupts())
        workers = stack.enter_context(Workers(sink, start_timeout=settings.project.start_timeout))
        with phases.phase("source", "reading what the clone is made from") as said:
            found = origin(settings, workers, stack, sink=sink, tick=interrupts.check)
            said.append(found.words)
        done = [
            rehearsed(
                settings, workers, section, found, began, destination,
                phases=phases, sink=sink, tick=interrupts.check,
            )
            for section in settings.project.sections
        ]  # fmt: skip
    return _result(settings, found, done, phases)


@dataclass(slots=True)
class Rehearsal:
    """One section's, by the time its clones are gone."""

    server: str
    targets: tuple[RehearsedTarget, ...] = ()
    findings: tuple[ReportedFinding, ...] = ()
    judgements: tuple[tuple[int, Judgement], ...] = ()
    fault: Fault | None = None
    trips: tuple[RoundTrip, ...] = ()
    checks: tuple[OldApplication, ...] = ()
    kept: tuple[str, ...] = ()
    notices: list[str] = field(default_factory=list)
    # as they ran, with the literals that were written; the first target's
    listings: tuple[RevisionListing, ...] = ()


def rehearsed(
    settings: Settings,
    workers: Workers,
    section: str,
    found: Origin,
    began: str,
    destination: str,
    *,
    phases: Phases,
    sink: EventSink,
    tick: Tick,
    stop_before: tuple[str, ...] = (),
    start_before: str = "",
    begun: Begun | None = None,
) -> Rehearsal:
    """Rehearse one section on new clones, which are dropped before this returns unless they are to be kept.

    `stop_before` as in `Job`; `start_before` a revision: those before it bring the clones to where the rehearsal
    begins, which `begun` is called at. Raises `RefusedError`, `BackupError`, `UsageError`, `RevisionFailedError`.
    """
    extensions: list[str] = []
    for _ in range(_MOST_PLACES):
        with place_for(settings, found, new_run_id(datetime.now(timezone.utc)), tuple(extensions)) as place:
            if settings.rehearsal.keep and place.own and place.server.major:
                raise UsageError(
                    "a clone on a temporary server ends with it and cannot be kept",
                    hint="Name a server: `--scratch env:NAME`, or `--scratch target`.",
                )
            one = _Section(
                settings, workers, section, found, place, phases, sink, tick, stop_before, start_before, begun
            )
            missing = one.run(began, destination)
        if one.of_files:
            found = replace(found, dialect="sqlite")
            continue
        if missing and settings.scratch.mode == "auto" and missing not in extensions:
            extensions.append(missing)
            continue
        one.result.notices += [
            f"the clone {name} could not be dropped; the next rehearsal on that server tries again"
            for name in place.left
        ]
        return one.result
    raise RefusedError(
        f"no server at hand has the extensions {', '.join(extensions)}",
        hint="Name a server that has them: `--scratch env:NAME`.",
    )


@dataclass(slots=True)
class _Section:
    settings: Settings
    workers: Workers
    section: str
    found: Origin
    place: ScratchPlace
    phases: Phases
    sink: EventSink
    tick: Tick
    stop_before: tuple[str, ...] = ()
    start_before: str = ""
    begun: Begun | None = None
    result: Rehearsal = field(default_factory=lambda: Rehearsal(""))
    # nobody had said what the project's database is, and it is SQLite's: nothing of it ran on the place
    of_files: bool = False

    def run(self, began: str, destination: str) -> str:
        """Play, judge, go back and forth. An extension that the place lacks, "" where none was missed."""
        self.result = Rehearsal(self.place.server.words)
        jobs = self._jobs(began, destination)
        backup = self.settings.backup
        proven = Proven(self.settings, self.found, self.place, self.tick)
        filling = Filling(self.place, self.found.dumps, backup.bindir, backup.jobs, self.tick, proven)
        rehearsing = Rehearsing(
            self.settings,
            filling if self.found.dumps else None,
            tuple(job.direction for job in jobs),
            len(jobs) - 1,
            self.tick,
            self.begun,
        )
        try:
            with self.phases.phase(
                "rehearse", f"running the revisions on a clone ({self.place.server.words})"
            ):
                ran = self._play(jobs, rehearsing)
            if ran.extension:
                return ran.extension
            kinds = {one.found.target.dialect for one in ran.replays[-1].targets}
            self.of_files = self.found.dialect is None and kinds == {"sqlite"}
            if self.of_files:
                return ""
            self._conclude(ran, rehearsing, jobs[-1])
        finally:
            rehearsing.close()
        self._keep(ran)
        return ""

    def _jobs(self, began: str, destination: str) -> tuple[Job, ...]:
        job = replace(
            asking.job(
                self.settings, self.section, destination, "upgrade", apply_as="alembic-safe/rehearsal"
            ),
            with_values=True,
            trace=True,
            trace_beside=self.settings.rehearsal.checks or self.settings.rehearsal.each,
            paced=False,
            stop_before=self.stop_before,
            lock_timeout=0.0,
        )
        if self.start_before:
            # the same for every target of env.py
            return replace(job, trace=False, stop_before=(self.start_before,) * MOST_TARGETS), job
        return (*([replace(job, destination=began, trace=False)] if began else []), job)

    def _play(self, jobs: tuple[Job, ...], rehearsing: Rehearsing) -> Played:
        names = tuple(dict.fromkeys(self.found.names))
        ran = played(
            self.place,
            self.workers,
            jobs,
            sink=self.sink,
            tick=self.tick,
            dialect=self.found.dialect or "",
            stands_for=names,
            allow_subprocess=self.settings.scratch.allow_subprocess,
            observer=rehearsing.observer,
            fill=rehearsing.fill,
            step_seconds=None,
        )
        if ran.replays[-1].fault is None and rehearsing.watch is not None:
            rehearsing.watch.finish()
        return ran

    def _conclude(self, ran: Played, rehearsing: Rehearsing, job: Job) -> None:
        result, last = self.result, ran.replays[-1]
        result.fault = self._explained(last.fault)
        result.listings = last.targets[0].listings if last.targets else ()
        result.notices += [
            *last.notices,
            *self._made(ran),
            *self._not_reached(ran),
            *seen_beside(result.listings),
        ]
        if len(ran.replays) > 1 and not any(one.listings for one in last.targets) and last.fault is None:
            result.notices.append("there is no revision in this range")
        if last.fault is not None:
            _raise_without_a_step(last.fault, found=bool(last.targets))
        with self.phases.phase("judge", "judging what was seen") as said:
            judged = [judged_run(self.settings, self.found, rehearsing, one) for one in last.targets]
            result.targets = tuple(one.target for one in judged)
            result.findings = worst(finding for one in judged for finding in one.findings)
            result.judgements = tuple(
                (ran.found.target.ordinal, one.judgement)
                for ran, one in zip(last.targets, judged, strict=True)
                if one.judgement is not None
            )
            said.append(_counts(judged))
        if self.settings.rehearsal.round_trip and last.fault is None:
            with self.phases.phase("round trip", "downgrading, and upgrading again"):
                result.trips, notices = round_trips(
                    self.settings, self.workers, ran, rehearsing, job, sink=self.sink, tick=self.tick
                )
                result.notices += notices
        result.checks = tuple(rehearsing.checks)

    def _explained(self, fault: Fault | None) -> Fault | None:
        """With what may be the clone's own fault: on a server that others use it has no owners and no grants."""
        if fault is None or fault.sqlstate != "42501" or self.place.own or not self.found.dumps:
            return fault
        return replace(
            fault,
            hint="On a server that others use all of a clone is one role's, and nobody is granted anything, so that a"
            " revision that changes its role may lack rights there alone: `--scratch auto` has them.",
        )

    def _made(self, ran: Played) -> list[str]:
        found = []
        if ran.made:
            found.append(
                f"made on the server of the clone, since the history expects it: {', '.join(ran.made)}"
            )
        if self.found.major is not None and self.place.server.major not in (0, self.found.major):
            found.append(
                f"it ran on {self.place.server.words}, the nearest at hand to PostgreSQL {self.found.major}"
            )
        return found

    def _not_reached(self, ran: Played) -> list[str]:
        """What only rows would have led to, where the clone has none."""
        found = []
        listings = [
            (one, target.found.target.dialect)
            for target in ran.replays[-1].targets
            for one in target.listings
        ]
        for one, dialect in listings if not self.found.same else ():
            lines = [str(line) for line in lines_of(not_reached(one, dialect))]
            if lines:
                found.append(
                    f"revision {one.revision.id} reads rows, of which the clone has none or few: line"
                    f"{'' if len(lines) == 1 else 's'} {', '.join(lines)} did not run there"
                )
        return found

    def _keep(self, ran: Played) -> None:
        if self.settings.rehearsal.keep:
            self.result.kept = tuple(self.place.keep(clone) for clone in ran.clones)
            for name in self.result.kept:
                self.sink(Notice(f"the clone {name} is kept; drop it when it is done with"))


def _raise_without_a_step(fault: Fault, *, found: bool) -> None:
    """Raise for what kept a clone from being upgraded at all; `found` says whether env.py came to a target."""
    if fault.kind == "range":
        raise UsageError(fault.message, hint="`alembic history` lists the revisions of this checkout.")
    if fault.kind == "unknown":
        raise UnknownRevisionError(
            fault.message,
            hint="Rehearse another backup or copy, or with the checkout that this one was made by.",
        )
    if fault.kind in ("environment", "after") and not found:
        raise RevisionFailedError(
            f"env.py comes to no target on a clone: {fault.message}", hint=fault.hint or None
        )


def _range(what: str | None) -> tuple[str, str]:
    """From where ("" for where the clone is), and how far."""
    began, colon, destination = (what or "heads").partition(":")
    if not colon:
        return "", began
    if not began and not destination:
        raise UsageError(f"{what!r} is no range", hint="Write `a1:b2`, `a1:`, `:b2`, or one revision.")
    return began, destination or "heads"


def _counts(judged: list[Judged]) -> str:
    revisions = sum(len(one.target.revisions) for one in judged)
    statements = sum(len(r.statements) for one in judged for r in one.target.revisions)
    return f"{revisions} revision{_s(revisions)}, {statements} statement{_s(statements)}"


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _result(settings: Settings, found: Origin, done: list[Rehearsal], phases: Phases) -> RehearseResult:
    targets = tuple(target for one in done for target in one.targets)
    findings = worst(finding for one in done for finding in one.findings)
    over = over_budget(settings, targets)
    trips = tuple(trip for one in done for trip in one.trips)
    checks = tuple(check for one in done for check in one.checks)
    refused = any(judgement.verdict.refused for one in done for _, judgement in one.judgements)
    fault = next((one.fault for one in done if one.fault is not None), None)
    exit_status = 0
    if refused or over or any(not t.good for t in trips) or any(not c.good for c in checks):
        exit_status = RefusedError.exit_status
    if fault is not None:
        exit_status = RevisionFailedError.exit_status
    return RehearseResult(
        exit=exit_status,
        source=found.words,
        server=done[0].server if done else "",
        targets=targets,
        findings=findings,
        refused=refused,
        fail_on=settings.gate.fail_on,
        over=over,
        round_trips=trips,
        checks=checks,
        kept=tuple(name for one in done for name in one.kept),
        unstopped=(UNSTOPPED,),
        durations=dict(phases.durations),
        root=str(repository_root(settings.directory) or Path.cwd()),
        notices=tuple(dict.fromkeys(notice for one in done for notice in one.notices)),
        error=_failure(fault) if fault is not None else None,
    )


def _failure(fault: Fault) -> Failure:
    where = f"revision {fault.revision} fails on the clone: " if fault.revision else "it fails on the clone: "
    return Failure(
        RevisionFailedError.__name__,
        f"{where}{fault.message}",
        f"The target was not touched. {fault.hint or 'Mend the revision, and rehearse again.'}",
    )


def over_budget(settings: Settings, targets: tuple[RehearsedTarget, ...]) -> tuple[str, ...]:
    """Budgets that are exceeded, by what is expected of the target, else by what was seen on the clone."""
    policy, found = settings.rehearsal, []
    revisions = [revision for target in targets for revision in target.revisions]
    total = sum(r.seconds if r.forecast is None else r.forecast for r in revisions)
    if policy.max_time is not None and total > policy.max_time:
        found.append(f"all revisions take {total:.1f} s, and --max-time is {policy.max_time:g} s")
    for one in revisions:
        seen, expected = one.stall, one.stall_forecast
        stall = seen if expected is None else expected
        if stall > policy.max_stall:
            how = "held" if expected is None else "is expected to hold"
            found.append(
                f"revision {one.revision} {how} the application up for {stall:.1f} s, and --max-stall is"
                f" {policy.max_stall:g} s"
            )
    return tuple(found)
