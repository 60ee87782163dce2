"""An allowance of something that does not happen."""

from __future__ import annotations

from alembic_safe.model.findings import Severity
from alembic_safe.rules.rule import BOTH, Rule

RULE = Rule(
    id="allowance-unused",
    severity=Severity.WARNING,
    hazard="allowance",
    summary="An allowance matched no finding.",
    why=(
        "It stands on another line than the statement, or the statement is safe by now. Left in place it "
        "would let the next change of that line pass unseen."
    ),
    recipe=(
        "# on the line of the statement or the one above it:\n"
        "# alembic-safe: allow table-dropped because the feature was removed in release 41\n"
        "op.drop_table('coupons')\n"
    ),
    engine=True,
    dialects=BOTH,
)
