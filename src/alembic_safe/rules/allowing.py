"""Allowances: which findings a person let pass, and which allowances are wrong or matched nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from alembic_safe.model.findings import Allowance, Finding, JudgedRevision
from alembic_safe.rules.place import Spot, Whole
from alembic_safe.rules.registry import all_rules

INVALID, UNUSED = "allowance-not-valid", "allowance-unused"


def allow(
    whole: Whole, found: list[tuple[Spot, Finding]], given: tuple[Allowance, ...]
) -> tuple[Finding, ...]:
    """All findings, those allowed with the reason, and those about allowances themselves."""
    used: set[int] = set()
    findings: list[Finding] = []
    for spot, finding in found:
        match = next((a for a in _offered(spot, given) if _covers(a, finding, spot)), None)
        if match is not None:
            used.add(id(match))
            finding = replace(finding, allowed=match.reason)
        findings.append(finding)
    findings += _about(whole, given, used)
    return tuple(findings)


def allow_also(findings: Iterable[Finding], given: Sequence[Allowance]) -> tuple[Finding, ...]:
    """The findings of a judged plan with allowances for whole rules that came later; each is to match something."""
    reasons = {allowance.rule: allowance.reason for allowance in reversed(given)}
    return tuple(
        replace(f, allowed=reasons[f.rule]) if f.allowed is None and f.rule in reasons else f
        for f in findings
    )


def _offered(spot: Spot, given: tuple[Allowance, ...]) -> Iterator[Allowance]:
    if spot.command is not None:
        yield from spot.command.allowances
    if spot.revision is not None:
        yield from spot.revision.marks.allowances
    yield from given


def _covers(allowance: Allowance, finding: Finding, spot: Spot) -> bool:
    if allowance.rule != finding.rule:
        return False
    if allowance.first is None or allowance.last is None or finding.line is None:
        return True
    in_sql = spot.command is not None and any(a is allowance for a in spot.command.allowances)
    return in_sql or allowance.first <= finding.line <= allowance.last


def _about(whole: Whole, given: tuple[Allowance, ...], used: set[int]) -> Iterator[Finding]:
    for allowance in given:
        yield from _wrong(whole, allowance, None, used)
    for revision in whole.plan.revisions:
        for fault in revision.marks.faults:
            yield _finding(INVALID, fault.message, revision, fault.line)
        for allowance in revision.marks.allowances:
            if _expected(revision, allowance):
                yield from _wrong(whole, allowance, revision, used)
        for command in revision.commands:
            for allowance in command.allowances:
                yield from _wrong(whole, allowance, revision, used)


def _wrong(
    whole: Whole, allowance: Allowance, revision: JudgedRevision | None, used: set[int]
) -> Iterator[Finding]:
    rule = all_rules().get(allowance.rule)
    if rule is None:
        yield _finding(INVALID, f"there is no rule {allowance.rule}", revision, allowance.line)
    # a history for two databases allows on its line what is found on one of them
    elif id(allowance) not in used and whole.plan.dialect in rule.dialects:
        message = f"the allowance of {allowance.rule} matched nothing"
        yield _finding(UNUSED, message, revision, allowance.line)


def _expected(revision: JudgedRevision, allowance: Allowance) -> bool:
    """Whether it stands where this direction's statements come from."""
    marks = revision.marks
    others = marks.downgrade_lines if revision.direction == "upgrade" else marks.upgrade_lines
    return not any(first <= (allowance.line or 0) <= last for first, last in others)


def _finding(rule_id: str, message: str, revision: JudgedRevision | None, line: int | None) -> Finding:
    rule = all_rules()[rule_id]
    return Finding(
        rule_id,
        rule.severity,
        message,
        revision=revision.revision.id if revision else None,
        file=revision.revision.path if revision else None,
        line=line,
        hazard=rule.hazard,
    )
