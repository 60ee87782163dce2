"""Judges a plan: asks every rule, settles contract steps, sizes, severities and allowances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from alembic_safe.model.facts import Name
from alembic_safe.model.findings import Allowance, Finding, GatePolicy, JudgedPlan, Severity
from alembic_safe.model.live import LiveFacts
from alembic_safe.rules.allowing import allow
from alembic_safe.rules.contracting import settle
from alembic_safe.rules.locks import blocked
from alembic_safe.rules.place import Place, Spot, Whole
from alembic_safe.rules.registry import all_rules
from alembic_safe.rules.rule import Hit, Rule

_WORST_FIRST = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def judge(
    plan: JudgedPlan,
    *,
    live: LiveFacts | None = None,
    allowances: Iterable[Allowance] = (),
    policy: GatePolicy | None = None,
) -> tuple[Finding, ...]:
    """Every finding of a plan, in the order of its statements; those allowed carry the reason.

    `allowances` are those of the command line; those in the sources are in the plan. Without `live` nothing
    is known of sizes and of what running code maps. Never raises for anything a plan can hold.
    """
    policy = policy or GatePolicy()
    whole = Whole(plan, live, policy)
    found = [(spot, finding) for spot, finding in _found(whole)]
    findings = allow(whole, found, tuple(allowances))
    if live is not None and live.empty:
        findings = tuple(replace(f, severity=Severity.NOTE) for f in findings)
    order = {revision: number for number, revision in enumerate(whole.first_of)}
    return tuple(sorted(findings, key=lambda f: _order(order, f)))


def _found(whole: Whole) -> Iterator[tuple[Spot, Finding]]:
    # a command has few findings, so that one that is said twice of it is told by its objects
    said: set[tuple[object, ...]] = set()
    for rule in all_rules().values():
        if whole.plan.dialect not in rule.dialects:
            continue
        for place, hit in _hits(whole, rule):
            spot = hit.at or (place.spot if place else Spot())
            for settled_rule, settled in settle(whole, rule, spot, hit):
                finding = _finding(whole, settled_rule, spot, settled)
                what = (finding.rule, id(spot.command), id(spot.revision), finding.objects, finding.line)
                if what not in said:
                    said.add(what)
                    yield spot, finding


def _hits(whole: Whole, rule: Rule) -> Iterator[tuple[Place | None, Hit]]:
    if rule.look is not None:
        for place in whole.places:
            for hit in rule.look(place):
                yield place, hit
    if rule.look_at_plan is not None:
        for hit in rule.look_at_plan(whole):
            yield None, hit


def _finding(whole: Whole, rule: Rule, spot: Spot, hit: Hit) -> Finding:
    revision, statement = spot.revision, spot.statement
    source = statement.statement.source if statement is not None else None
    source = source or spot.source
    file = source.file if source else (revision.revision.path if revision else None)
    severity = hit.severity if hit.severity is not None else rule.severity
    seconds = _seconds(whole, hit.work)
    message = hit.message
    if seconds is not None:
        if seconds <= whole.policy.small_seconds:
            severity = min(severity, Severity.NOTE)
        message += f" ({_duration(seconds)} at the size of now)"
    return Finding(
        rule.id,
        severity,
        message,
        hit.recipe,
        revision.revision.id if revision else None,
        file,
        source.line if source else None,
        statement.statement.ordinal if statement else None,
        tuple(dict.fromkeys(str(o) for o in hit.objects)),
        spot.command.facts.phase if spot.command else (revision.phase if revision else "neutral"),
        None,
        rule.hazard,
        blocked(hit.mode),
        seconds,
    )


def _seconds(whole: Whole, work: tuple[Name, ...]) -> float | None:
    """How long reading these tables takes; None where the size of one of them is not known."""
    if whole.live is None or not work:
        return None
    tables = [whole.live.table(name) for name in work]
    known = [t for t in tables if t is not None and t.sized]
    if len(known) < len(tables):
        return None
    return sum(t.bytes + t.index_bytes for t in known) / whole.live.bytes_per_second


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "under a second"
    if seconds < 120:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 7200 else f"about {seconds / 3600:.0f} h"


def _order(order: Mapping[str, int], finding: Finding) -> tuple[int, int, int, str]:
    revision = order.get(finding.revision or "", len(order))
    return revision, finding.statement or 0, _WORST_FIRST[finding.severity], finding.rule
