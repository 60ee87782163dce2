"""A revision that is committed in parts."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place, Whole
from alembic_safe.rules.rule import Hit, Rule

_HARMLESS = {"set", "reset", "show", "select", "savepoint", "release", "commit", "rollback", "begin"}


def _look_at_plan(whole: Whole) -> Iterator[Hit]:
    for revision in whole.plan.revisions:
        places = whole.of(revision)
        alone = [p for p in places if p.command.transaction is None]
        inside = [p for p in places if p.command.transaction is not None and p.reading.kind not in _HARMLESS]
        if alone and inside:
            yield _hit(inside[0], before=inside[0].position < alone[0].position)


def _hit(place: Place, *, before: bool) -> Hit:
    what = (
        "is committed when the autocommit block begins; if that fails, the revision is half applied and not recorded"
        if before
        else "may fail after the autocommit block has committed: the revision is then half applied and not recorded"
    )
    return Hit(
        what,
        "# a revision of its own for the autocommit block\n" + code.alone("op.create_index(...)\n"),
        tuple(o.name for o in place.reading.objects),
        at=place.spot,
    )


RULE = Rule(
    id="work-around-autocommit-block",
    severity=Severity.WARNING,
    hazard="transaction",
    summary="Statements before or after an autocommit block in the same revision.",
    why=(
        "alembic's autocommit_block() commits what ran before it, whatever comes after. `recover` can finish such a "
        "revision; a revision that holds the block alone needs no recovery."
    ),
    recipe=code.alone(
        "op.create_index('ix_orders_state', 'orders', ['state'], postgresql_concurrently=True)\n"
    ),
    covers=("autocommit-block-commits-earlier-work",),
    look_at_plan=_look_at_plan,
)
