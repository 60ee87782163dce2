"""What was seen of one target's rehearsal, judged by the same rules, and told with what to expect of the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from alembic_safe.bridge.scratch import ReplayedTarget
from alembic_safe.journal import open_journal
from alembic_safe.model.findings import Judgement
from alembic_safe.model.live import LiveFacts, Mapped
from alembic_safe.model.rehearsals import Difference, RehearsedTarget
from alembic_safe.model.results import ReportedFinding
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.model.targets import Dialect
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.forecasting import speed
from alembic_safe.rehearsal.judging import Seen, as_seen
from alembic_safe.rehearsal.observed import observations
from alembic_safe.rehearsal.telling import Telling, told
from alembic_safe.rehearsal.waits import with_waits
from alembic_safe.rehearsal.watching import SeenStep
from alembic_safe.rules import gate, judge
from alembic_safe.rules.locks import blocked
from alembic_safe.settings import Settings
from alembic_safe.sql.tongues import tongue
from alembic_safe.workflow.as_it_ran import as_rehearsed
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.checkout import checkout_name
from alembic_safe.workflow.judging import judged, named
from alembic_safe.workflow.rehearsal_extents import extents_of
from alembic_safe.workflow.rehearsal_run import Rehearsing, Stand
from alembic_safe.workflow.rehearsal_sources import Origin
from alembic_safe.workflow.saying import Saying, masked


@dataclass(frozen=True, slots=True)
class Judged:
    """One target as it is told. `judgement` is None where the clone held nothing that could be hurt."""

    target: RehearsedTarget
    findings: tuple[ReportedFinding, ...]
    judgement: Judgement | None


def judged_run(settings: Settings, found: Origin, rehearsing: Rehearsing, ran: ReplayedTarget) -> Judged:
    """Judge what one target's steps were seen to do. Asks the target, where there is one, for its sizes."""
    target = ran.found.target
    stand = rehearsing.stand_of(target.database)
    site = _site_of(found, target.ordinal, target.section)
    steps = [
        step
        for step in (rehearsing.watch.steps if rehearsing.watch is not None else ())
        if step.job == rehearsing.first and step.target == target.ordinal
    ]
    judgement, differences = None, dict[str, tuple[Difference, ...]]()
    listings = [as_rehearsed(one, with_rows=found.same, dialect=target.dialect) for one in ran.listings]
    if stand is not None and stand.look is not None:
        judgement, differences = _judge(settings, site, stand, steps, replace(ran, listings=tuple(listings)))
    extents = extents_of(found, site, stand, steps)
    last = _last(settings, site, [step.revision.id for step in steps])
    by_id = {step.revision.id: step for step in steps}
    ran_here = [(by_id[one.revision.id], one) for one in ran.listings if one.revision.id in by_id]
    revisions = tuple(
        told(
            step,
            masked(one),
            Telling(
                extents.sizes(step, same=found.same),
                frozenset(extents.names_in(step).values()),
                blocked,
                last,
            ),
            differences.get(one.revision.id, ()),
        )
        for step, one in ran_here
    )
    findings: tuple[ReportedFinding, ...] = ()
    if judgement is not None:
        findings = with_waits(Saying(listings).report(judgement.findings, judgement.verdict), revisions)
    return Judged(
        RehearsedTarget(
            site.target.label if site is not None else _label(target.section, target.version_table),
            str(target.version_table),
            target.dialect,
            ran.found.target.heads or (),
            ran.heads,
            revisions,
            extents.tables((step, one) for (step, _), one in zip(ran_here, revisions, strict=True)),
        ),
        findings,
        judgement,
    )


def _label(section: str, table: object) -> str:
    return f"{section} ({table})"


def _site_of(found: Origin, ordinal: int, section: str) -> Site | None:
    for site in found.sites:
        if (site.section, site.target.ordinal) == (section, ordinal):
            return site
    return None


def _judge(
    settings: Settings, site: Site | None, stand: Stand, steps: Sequence[SeenStep], ran: ReplayedTarget
) -> tuple[Judgement, dict[str, tuple[Difference, ...]]]:
    assert stand.look is not None
    dialect: Dialect = stand.clone.dialect
    listings = ran.listings
    plan = judged(
        listings,
        version=stand.look.facts.version,
        schema=tongue(dialect).seeded(stand.look.catalog),
        dialect=dialect,
        mapped=_mapped(site),
        heads=site.graph.heads if site is not None else (),
    )
    plan, differences = as_seen(plan, _seen(stand, steps))
    live = _at_the_speed_seen(_live(settings, site, stand, listings), stand, steps, ran)
    # where there is a target it is an upgrade's verdict that is told, which is stricter with what is not known
    policy = settings.gate if site is None else replace(settings.gate, applying=True)
    findings = judge(plan, live=live, allowances=settings.allowances, policy=policy)
    return Judgement(plan, findings, gate(findings, policy), live), differences


def _at_the_speed_seen(
    live: LiveFacts, stand: Stand, steps: Sequence[SeenStep], ran: ReplayedTarget
) -> LiveFacts:
    """With the speed at which statements were seen to work through tables, where that could be seen."""
    took = {
        (listing.revision.id, one.ordinal): one.duration
        for listing in ran.listings
        for one in listing.statements
    }
    seen = [
        (took.get((step.revision.id, one.ordinal)) or 0.0, one, _bytes(stand, step))
        for step in steps
        for one in observations(step)
    ]
    found = speed(seen)
    return live if found is None else replace(live, bytes_per_second=found)


def _bytes(stand: Stand, step: SeenStep) -> dict[str, int]:
    """How large each table was on the clone when the rehearsal began, by its name in the step."""
    return {
        one.name: stand.sizes[oid].bytes + stand.sizes[oid].index_bytes
        for oid, one in step.before.items()
        if oid in stand.sizes
    }


def _seen(stand: Stand, steps: Sequence[SeenStep]) -> dict[str, Seen]:
    return {step.revision.id: _seen_in(stand, step, steps[0]) for step in steps}


def _seen_in(stand: Stand, step: SeenStep, first: SeenStep) -> Seen:
    old = {oid: one for oid, one in step.before.items() if oid in first.before}
    sizes = {one.name: stand.sizes[oid] for oid, one in old.items() if oid in stand.sizes}
    return Seen(
        {one.ordinal: one for one in observations(step)},
        {one.name: one.kind for one in old.values()},
        frozenset(name for name, size in sizes.items() if size.bytes > 0 and size.rows != 0),
    )


def _mapped(site: Site | None) -> Mapped | None:
    return site.probed.mapped if site is not None else None


def _live(
    settings: Settings, site: Site | None, stand: Stand, listings: Sequence[RevisionListing]
) -> LiveFacts:
    """Sizes and the journal's word of the target itself where it was asked, else of the clone."""
    assert stand.look is not None
    if site is None:
        return stand.look.facts
    dialect = site.target.dialect
    facts = site.database.look(named(listings, dialect), site.target.search_path).facts
    journal = open_journal(site.database, settings.journal, create=False)
    if journal is None:
        return facts
    try:
        checkout = checkout_name(settings.directory, site.graph, site.probed.mapped)
        return replace(facts, mapped_before=journal.mapped_before(str(site.target.version_table), checkout))
    finally:
        journal.close()


def _last(settings: Settings, site: Site | None, revisions: Sequence[str]) -> Mapping[str, float]:
    journal = open_journal(site.database, settings.journal, create=False) if site is not None else None
    if journal is None:
        return {}
    try:
        return journal.expected_durations(tuple(revisions), "upgrade")
    finally:
        journal.close()
