"""Which commands of a plan expand, and which contract; from them the phase of each revision."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Name, Phase
from alembic_safe.model.findings import GatePolicy, JudgedPlan
from alembic_safe.rules.looking import BATCH_COPY, actions
from alembic_safe.rules.place import Place, Whole
from alembic_safe.rules.registry import all_rules
from alembic_safe.rules.rule import Hit


def contracts(place: Place) -> Iterator[Hit]:
    """What rules of contract steps say of it, at more than a note."""
    for rule in all_rules().values():
        if rule.contract and rule.look is not None and place.whole.plan.dialect in rule.dialects:
            for hit in rule.look(place):
                if (hit.severity or rule.severity) >= rule.severity and not hit.fails:
                    yield hit


def expands(place: Place) -> Iterator[Name]:
    """Tables that get a new column, and new tables and views."""
    for _, table, _ in actions(place, "add column"):
        yield table
    for reading in place.readings:
        target = reading.target
        if (
            reading.kind in ("create table", "create view")
            and target is not None
            and "temporary" not in reading.flags
            and not target.name.name.startswith(BATCH_COPY)
        ):
            yield target.name


def phases(plan: JudgedPlan) -> tuple[Phase, ...]:
    """The phase of each revision in order: what it declares, else that of its most dangerous command.

    Only what has to be declared is contract here: a constraint that is added NOT VALID tightens as well, but
    may run with the expand steps.
    """
    whole = Whole(plan, None, GatePolicy())
    return tuple(
        revision.marks.phase
        if revision.marks.phase == "contract"
        else max((_phase(p) for p in whole.of(revision)), key=_DANGER.index, default="neutral")
        for revision in plan.revisions
    )


_DANGER: tuple[Phase, ...] = ("neutral", "backfill", "expand", "contract", "incompatible")


def _phase(place: Place) -> Phase:
    if any(True for _ in contracts(place)):
        return "contract"
    phase = place.facts.phase
    old = any(
        place.old(o.name) for o in place.reading.objects if o.kind in ("table", "view", "materialized view")
    )
    if phase == "incompatible" and not old and any(o.kind == "table" for o in place.reading.objects):
        return "expand"
    return "expand" if phase == "contract" else phase
