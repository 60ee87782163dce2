"""A mark in a comment that means nothing."""

from __future__ import annotations

from alembic_safe.model.findings import Severity
from alembic_safe.rules.rule import BOTH, Rule

RULE = Rule(
    id="allowance-not-valid",
    severity=Severity.WARNING,
    hazard="allowance",
    summary="An allowance names no known rule or gives no reason, or a mark cannot be read.",
    why=(
        "A misspelt allowance allows nothing, and without a reason the next reader cannot tell whether it "
        "still holds. The finding it was meant for stays as it is."
    ),
    recipe="# alembic-safe: allow table-dropped because the feature was removed in release 41\n",
    engine=True,
    dialects=BOTH,
)
