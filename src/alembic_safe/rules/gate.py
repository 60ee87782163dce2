"""The gate: findings and a policy give the verdict."""

from __future__ import annotations

from collections.abc import Iterable

from alembic_safe.model.findings import Finding, GatePolicy, Severity, Verdict

_LEAST = {"error": Severity.ERROR, "warning": Severity.WARNING}


def gate(findings: Iterable[Finding], policy: GatePolicy) -> Verdict:
    """Whether the plan may go on. Findings that a person allowed stop nothing."""
    found = tuple(findings)
    allowed = tuple(f for f in found if f.allowed is not None)
    least = _LEAST.get(policy.fail_on)
    stopping = tuple(f for f in found if f.allowed is None and least is not None and f.severity >= least)
    return Verdict(not stopping, stopping, allowed)
