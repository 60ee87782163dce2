"""The gate before a run: what is pending is read and judged on the target itself, and refused or let pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_safe.databases import emptiness_sql
from alembic_safe.errors import AlembicSafeError, RefusedError
from alembic_safe.journal import JournalReader
from alembic_safe.model.events import Notice
from alembic_safe.model.findings import Allowance, Judgement
from alembic_safe.model.results import AppliedTarget, ApplyResult, Failure, ReportedFinding
from alembic_safe.model.revisions import Direction, RevisionListing
from alembic_safe.settings import Settings
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.checkout import checkout_name

if TYPE_CHECKING:
    from alembic_safe.workflow.applying import ApplyContext

_HINT = (
    "Nothing was changed. Mend the revision, or let a finding pass by name: `# alembic-safe: allow RULE because"
    " REASON` on its line, or --allow RULE=REASON. `alembic-safe explain RULE` says more."
)
_LOSS_HINT = (
    "Nothing was changed. If what it takes away may go, give --allow-loss REASON; the backup before it keeps it."
    " --allow RULE=REASON lets one finding pass, and `alembic-safe explain RULE` says more."
)


def still_empty(sites: Iterable[Site], settings: Settings) -> bool:
    """Whether databases that held nothing when they were looked at still hold nothing."""
    for site in sites:
        if site.probed.found.empty and site.pending:
            table = site.target.version_table
            sql = emptiness_sql(site.target.dialect, table, settings.journal.schema)
            if not all(row[0] for row in site.database.fetch(sql)):
                return False
    return True


def name_checkouts(settings: Settings, sites: Iterable[Site]) -> None:
    """Name the code of each target; `site.checkout` has it."""
    names: dict[str, str] = {}
    for site in sites:
        # the targets of a section have one directory, and mostly one set of models
        key = repr((site.section, id(site.probed.mapped)))
        if key not in names:
            names[key] = checkout_name(settings.directory, site.graph, site.probed.mapped)
        site.checkout = names[key]


def judge_sites(settings: Settings, sites: Iterable[Site], journals: Mapping[int, JournalReader]) -> None:
    """Judge what is pending on each target, unless its database holds nothing; `site.judgement` has the word."""
    for site in sites:
        if site.pending and not site.probed.found.empty:
            site.judgement = judged_site(settings, site, journals.get(id(site.database)))


def judged_site(settings: Settings, site: Site, journal: JournalReader | None) -> Judgement:
    """What judging says of a target's pending revisions, which were listed with their values."""
    from alembic_safe.rules import gate, judge
    from alembic_safe.workflow.judging import judged
    from alembic_safe.workflow.live_look import look_at

    live, schema = look_at(site, site.listings, journal)
    plan = judged(
        site.listings,
        version=live.version,
        schema=schema,
        dialect=site.target.dialect,
        mapped=site.probed.mapped,
        heads=site.graph.heads,
    )
    findings = judge(plan, live=live, allowances=settings.allowances, policy=settings.gate)
    return Judgement(plan, findings, gate(findings, settings.gate), live)


def let_pass(settings: Settings, sites: Iterable[Site], allowances: Sequence[Allowance]) -> None:
    """Give allowances for what was judged already; `site.judgement` has the new verdict."""
    from alembic_safe.rules import gate
    from alembic_safe.rules.allowing import allow_also

    for site in sites:
        if site.judgement is not None and allowances:
            findings = allow_also(site.judgement.findings, allowances)
            verdict = gate(findings, settings.gate)
            site.judgement = replace(site.judgement, findings=findings, verdict=verdict)


def findings_of(sites: Iterable[Site]) -> tuple[ReportedFinding, ...]:
    """The findings of all targets as documents have them; what several targets share is said once, at its worst."""
    from alembic_safe.workflow.saying import Saying

    return worst(
        found
        for site in sites
        if site.judgement is not None
        for found in Saying([*_judged_as(site.judgement), *site.listings]).report(
            site.judgement.findings, site.judgement.verdict
        )
    )


def _judged_as(judgement: Judgement) -> Iterator[RevisionListing]:
    """The statements that findings are about: after a rehearsal they are others than were listed."""
    for one in judgement.plan.revisions:
        statements = tuple(each.statement for each in one.statements)
        yield RevisionListing(one.revision, one.direction, statements)


def worst(findings: Iterable[ReportedFinding]) -> tuple[ReportedFinding, ...]:
    """What was said of several targets, each once, as it was at its worst."""
    kept: dict[tuple[object, ...], ReportedFinding] = {}
    for found in findings:
        key = (found.fingerprint, found.line, found.objects)
        other = kept.get(key)
        if other is None or _weight(found) > _weight(other):
            kept[key] = found
    return tuple(kept.values())


def _weight(found: ReportedFinding) -> tuple[bool, int, float]:
    return found.stops, ("note", "warning", "error").index(found.severity), found.seconds or 0.0


def summary(sites: Iterable[Site]) -> str:
    """What judging came to, for the phase's end."""
    found = findings_of(sites)
    if not any(site.judgement is not None for site in sites):
        return "the database holds nothing that could be hurt"
    stopping = sum(one.stops for one in found)
    allowed = sum(one.allowed is not None for one in found)
    said = f"{len(found)} finding{'' if len(found) == 1 else 's'}"
    said += f", {stopping} of which stop{'s' if stopping == 1 else ''} it" if stopping else ""
    return said + (f", {allowed} allowed" if allowed else "")


def stops(sites: Iterable[Site]) -> bool:
    """Whether the gate refuses the plan of any target."""
    return any(site.judgement is not None and site.judgement.verdict.refused for site in sites)


def refused(
    context: ApplyContext, sites: Sequence[Site], error: AlembicSafeError | None = None
) -> ApplyResult:
    """The result of a plan that the gate, or `error`, refuses: nothing was changed."""
    findings = findings_of(sites)
    error = error or refusal(findings, context.direction)
    targets = tuple(
        AppliedTarget(
            site.summary(), None, "refused" if site.pending else "nothing", site.target.heads,
            site.target.heads, None, (), site.pending,
        )
        for site in sites
    )  # fmt: skip
    return ApplyResult(
        error.exit_status,
        context.direction,
        targets,
        (),
        context.phases.durations,
        tuple(context.notices),
        Failure.of(error),
        findings,
        tuple(context.losses),
        context.rehearsed,
    )


def refusal(findings: Sequence[ReportedFinding], direction: Direction) -> RefusedError:
    """The error that names the rules."""
    stopping = [found for found in findings if found.stops]
    rules = ", ".join(dict.fromkeys(found.rule for found in stopping))
    count = f"{len(stopping)} finding{'' if len(stopping) == 1 else 's'}"
    loses = direction == "downgrade" and any(found.hazard == "data loss" for found in stopping)
    return RefusedError(
        f"the {direction} is refused for {count}: {rules}", hint=_LOSS_HINT if loses else _HINT
    )


def say_what_passes(context: ApplyContext, sites: Iterable[Site]) -> None:
    """Tell a person of what was allowed, and of a gate that stops nothing."""
    if context.settings.gate.fail_on == "never" and any(site.judgement for site in sites):
        context.sink(Notice("the gate is open: --fail-on never lets every finding pass"))


def allowances(site: Site, settings: Settings) -> Iterator[tuple[str, str]]:
    """What a person let pass on a target, for the journal: the rules' names and the reasons, each once."""
    if site.judgement is None:
        return
    if settings.gate.fail_on == "never":
        yield "fail-on", "never"
    used = ((f"allow {found.rule}", found.allowed or "") for found in site.judgement.verdict.allowed)
    yield from dict.fromkeys(used)
