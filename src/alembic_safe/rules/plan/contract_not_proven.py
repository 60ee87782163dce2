"""A declared contract step whose last user cannot be shown to be gone."""

from __future__ import annotations

from alembic_safe.model.findings import Severity
from alembic_safe.rules.rule import BOTH, Rule

RULE = Rule(
    id="contract-not-proven",
    severity=Severity.WARNING,
    hazard="breaks application",
    summary="A contract step is declared, but that nobody uses what goes is not proven.",
    why=(
        "The processes that run while a migration is applied are those of the previous release. A table or "
        "column may go only when that release did not map it any more. The journal keeps what the models "
        "mapped at each run; without a run of an earlier checkout there is nothing to compare with. It is an "
        "error in `upgrade` and a warning in `check`, which asks no database."
    ),
    recipe=(
        "# release 1: remove the attribute from the models, deploy, and run `alembic-safe upgrade`\n"
        "# release 2: the revision that drops the column\n"
        "# alembic-safe: phase contract\n"
        "def upgrade() -> None:\n"
        "    op.drop_column('customers', 'name')\n"
    ),
    covers=("schema-change-deployed-with-code",),
    engine=True,
    dialects=BOTH,
)
