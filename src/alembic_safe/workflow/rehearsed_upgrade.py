"""`upgrade --rehearse`: what is pending runs on clones of the very backups that were just made, and that is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from alembic_safe.errors import AlembicSafeError, RefusedError, RevisionFailedError
from alembic_safe.model.backups import Manifest
from alembic_safe.model.findings import GatePolicy, Judgement
from alembic_safe.model.rehearsals import RehearsedTarget, RoundTrip
from alembic_safe.quick import dataclass
from alembic_safe.workflow import asking
from alembic_safe.workflow.applying import ApplyContext
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.rehearsal_sources import Origin, by_name, of_backup, together
from alembic_safe.workflow.rehearsal_verdict import with_the_unseen
from alembic_safe.workflow.rehearse import Rehearsal, over_budget, rehearsed

_NOT_PROVEN = "downgrade, not rehearsed"


@dataclass(frozen=True, slots=True)
class Tried:
    """What the rehearsal before a run came to. `error`: the run is not to be made, and nothing was changed.

    `way_back`: a downgrade was tried and leaves the schema as it was, with nothing lost.
    """

    targets: tuple[RehearsedTarget, ...]
    error: AlembicSafeError | None = None
    way_back: bool = False


def try_first(context: ApplyContext, sites: Sequence[Site], backups: dict[int, Manifest]) -> Tried:
    """Rehearse each section; every pending site's `judgement` is then of what was seen, as before of what was not.

    Raises `BackupError` where a backup does not restore, `RefusedError` where there is none, or no server.
    """
    pending = [site for site in sites if site.pending]
    goes_back = any(
        backups[id(s.database)].way_back == _NOT_PROVEN for s in pending if id(s.database) in backups
    )
    settings = replace(
        context.settings, rehearsal=replace(context.settings.rehearsal, source="backup", round_trip=goes_back)
    )
    done: list[Rehearsal] = []
    with ExitStack() as stack:
        found = _origin(context, pending, backups, stack)
        for section in dict.fromkeys(site.section for site in pending):
            here = [site for site in sites if site.section == section]
            one = rehearsed(
                settings, context.workers, section, found, "", context.destination,
                phases=context.phases, sink=context.sink, tick=_tick(context, sites),
                stop_before=tuple(site.left[0] if site.left else "" for site in here),
            )  # fmt: skip
            done.append(one)
            for ordinal, judgement in one.judgements:
                _take_over(here, ordinal, judgement, settings.gate)
    for one in done:
        for notice in one.notices:
            context.say(notice)
    targets = tuple(target for one in done for target in one.targets)
    trips = [trip for one in done for trip in one.trips]
    error = _error(context, done, targets, trips)
    return Tried(targets, error, goes_back and bool(trips) and all(t.good and not t.lost for t in trips))


def _take_over(sites: Sequence[Site], ordinal: int, judgement: Judgement, policy: GatePolicy) -> None:
    for site in sites:
        if site.target.ordinal == ordinal and site.pending:
            site.judgement = with_the_unseen(site.judgement, judgement, policy)


def _origin(
    context: ApplyContext, pending: Sequence[Site], backups: dict[int, Manifest], stack: ExitStack
) -> Origin:
    """One origin for the backups of all databases."""
    each: list[Origin] = []
    for site in by_name(pending).values():
        database = site.database
        manifest = backups.get(id(database))
        if manifest is None:
            raise RefusedError(
                f"there is no backup of {database.facts.address} to rehearse on",
                hint="--rehearse runs on the backup that the upgrade makes: leave --no-backup out.",
            )
        each.append(
            of_backup(
                context.settings, manifest, site.target.database, stack,
                sink=context.sink, tick=context.tick(database),
            )
        )  # fmt: skip
    return replace(together(each), sites=list(pending))


def _tick(context: ApplyContext, sites: Sequence[Site]) -> Callable[[], None]:
    databases = asking.databases_of(sites)

    def tick() -> None:
        context.interrupts.check()
        for database in databases:
            database.ping()

    return tick


def _error(
    context: ApplyContext,
    done: Sequence[Rehearsal],
    targets: tuple[RehearsedTarget, ...],
    trips: Sequence[RoundTrip],
) -> AlembicSafeError | None:
    fault = next((one.fault for one in done if one.fault is not None), None)
    if fault is not None:
        where = f"revision {fault.revision} " if fault.revision else "the upgrade "
        return RevisionFailedError(
            f"{where}fails on a clone of the backup: {fault.message}; the target was not touched",
            hint=fault.hint or "Mend the revision. `alembic-safe rehearse` shows the rest of what it did.",
        )
    bad = next((trip for trip in trips if not trip.good), None)
    if bad is not None:
        why = bad.fault or next(iter((*bad.schema, *bad.again)), "").split("\n")[0]
        return RefusedError(
            f"the way back does not work: {why}",
            hint="The backup holds the schema alone, so that a downgrade is the only way back. Mend it, or make a full"
            " backup: `--backup-scope full`.",
        )
    if context.settings.apply.guard.maintenance is None:
        over = over_budget(context.settings, targets)
        if over:
            return RefusedError(
                f"the rehearsal says that {over[0]}",
                hint="Write the revision otherwise (see `alembic-safe rehearse`), or let the application be held up:"
                " `--maintenance=REASON`.",
                detail="\n".join(over[1:]) or None,
            )
    return None
