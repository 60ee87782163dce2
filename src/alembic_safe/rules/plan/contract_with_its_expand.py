"""A contract step would run together with the expand step it follows."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.phases import contracts, expands
from alembic_safe.rules.place import Place, Whole, plain
from alembic_safe.rules.rule import BOTH, Hit, Rule


def _look_at_plan(whole: Whole) -> Iterator[Hit]:
    if not whole.plan.together:
        return
    added: dict[Name, Place] = {}
    for revision in whole.plan.revisions:
        declared = revision.marks.phase == "contract"
        for place in whole.of(revision) if declared else ():
            for hit in contracts(place):
                first = next((added[n] for n in _tables(hit) if n in added), None)
                if first is not None and not _proven(whole, hit):
                    yield _hit(place, first, hit)
        for place in whole.of(revision):
            added |= {plain(name): place for name in expands(place)}


def _tables(hit: Hit) -> tuple[Name, ...]:
    return tuple(plain(o) for o in hit.objects if isinstance(o, Name))


def _proven(whole: Whole, hit: Hit) -> bool:
    """Whether it can be asked what running code maps: then that decides."""
    live = whole.live
    return (
        bool(hit.goes)
        and whole.plan.mapped is not None
        and live is not None
        and live.mapped_before is not None
    )


def _hit(place: Place, first: Place, hit: Hit) -> Hit:
    return Hit(
        f"would run in the same upgrade as its expand step {first.revision.revision.id}: code that runs now has not "
        "seen what replaces it",
        f"# deploy up to {first.revision.revision.id} first:  alembic-safe upgrade --phase expand\n"
        "# and merge this revision a release later\n" + code.CONTRACT,
        hit.objects,
        at=place.spot,
    )


RULE = Rule(
    id="contract-with-its-expand",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="A contract step is pending together with the expand step that prepares it.",
    why=(
        "Between the two a release has to run everywhere. Pending at once, they run at once, and the code of the "
        "previous release still needs what goes."
    ),
    recipe=(
        "# release 1\nop.add_column('users', sa.Column('full_name', sa.Text))\n"
        "# release 2, in a revision that is merged after release 1 is out\n"
        + code.CONTRACT
        + "op.drop_column('users', 'name')\n"
    ),
    covers=("schema-change-deployed-with-code",),
    look_at_plan=_look_at_plan,
    dialects=BOTH,
)
