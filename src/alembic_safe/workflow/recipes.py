"""What to write in place of a revision that holds the application up for longer than its budget."""

from __future__ import annotations

from collections.abc import Iterable

from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.gating import findings_of

_HOLDS = ("lock", "rewrite", "scan")
_WORST_FIRST = ("error", "warning", "note")
_SPLIT = (
    "# one revision: only the statement whose lock stops the application, and nothing after it\n"
    'op.add_column("orders", sa.Column("state", sa.Text))\n'
    "# the next revision: what takes long, in batches, each of which commits\n"
    "with op.get_context().autocommit_block():\n"
    "    while op.get_bind().execute(sa.text(\n"
    "        \"UPDATE orders SET state = 'new' WHERE id IN\"\n"
    '        " (SELECT id FROM orders WHERE state IS NULL LIMIT 1000)")).rowcount:\n'
    "        pass\n"
)


def recipe(sites: Iterable[Site], revision: str) -> tuple[str, str]:
    """(hint, code): what judging the revision's statements recommends, else how to split any revision."""
    found = [
        one
        for one in findings_of(sites)
        if one.revision == revision and one.recipe and any(word in one.hazard for word in _HOLDS)
    ]
    maintenance = "Or hold the application up on purpose, in a quiet hour: `--maintenance=<reason>`."
    # only code can be pasted; a recipe that is a remark only says less than how any revision is split
    found = [one for one in found if "op." in one.recipe]
    if not found:
        return (
            "Every lock is kept to the end of the revision: keep what takes long out of the one that locks, as shown"
            f" above. {maintenance}",
            _SPLIT,
        )
    worst = min(found, key=lambda one: _WORST_FIRST.index(one.severity))
    return (
        f"The recipe above stays inside the budget; `alembic-safe explain {worst.rule}` says more. {maintenance}",
        worst.recipe,
    )
