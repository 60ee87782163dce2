"""One revision both adds and takes away."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.phases import contracts, expands
from alembic_safe.rules.place import Whole
from alembic_safe.rules.rule import BOTH, Hit, Rule


def _look_at_plan(whole: Whole) -> Iterator[Hit]:
    for revision in whole.plan.revisions:
        places = whole.of(revision)
        added = [
            (p, name) for p in places for name in expands(p) if not name.name.startswith("_alembic_tmp_")
        ]
        gone = [(p, hit) for p in places for hit in contracts(p)]
        if added and gone:
            place, hit = gone[0]
            yield Hit(
                f"adds ({added[0][1]}) and takes away in one revision: it fits neither before nor after the new code",
                "# revision 1, before the code: what is added\n# revision 2, after the next release\n"
                + code.CONTRACT,
                (added[0][1], *hit.objects),
                at=place.spot,
            )


RULE = Rule(
    id="expand-and-contract-mixed",
    severity=Severity.WARNING,
    hazard="breaks application",
    summary="Expand and contract statements in one revision.",
    why=(
        "What is added has to be there before the new code, what is taken away has to stay until the old code is gone. "
        "One revision cannot run at both moments, and `upgrade --phase expand` cannot stop between them."
    ),
    recipe=(
        "# revision 1\nop.add_column('users', sa.Column('full_name', sa.Text))\n"
        "# revision 2, a release later\n" + code.CONTRACT + "op.drop_column('users', 'name')\n"
    ),
    look_at_plan=_look_at_plan,
    dialects=BOTH,
)
