"""Contract steps: what drops or tightens is an error until it is declared, and then has to be proven."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from alembic_safe.model.facts import HOLE
from alembic_safe.model.findings import Severity
from alembic_safe.model.live import Mapped
from alembic_safe.rules.place import Spot, Whole, plain
from alembic_safe.rules.registry import all_rules
from alembic_safe.rules.rule import Gone, Hit, Rule

NOT_PROVEN = "contract-not-proven"


def settle(whole: Whole, rule: Rule, spot: Spot, hit: Hit) -> Iterator[tuple[Rule, Hit]]:
    """What is left of a hit: nothing where a contract step is declared and proven.

    Declared and not to be proven, it is `contract-not-proven`; still mapped, it stays what it is.
    """
    declared = spot.revision is not None and spot.revision.marks.phase == "contract"
    if not (rule.contract and declared) or hit.fails:
        yield rule, hit
        return
    if not hit.goes:
        return
    before = whole.live.mapped_before if whole.live is not None else None
    now = _mapped(whole.plan.mapped, hit.goes)
    if not all(map(_certain, hit.goes)):
        yield all_rules()[NOT_PROVEN], _not_proven(whole, hit)
    elif now:
        yield rule, replace(hit, message=f"{hit.message}; the models still map {_list(now)}")
    elif before is not None and (then := _mapped(before, hit.goes)):
        yield rule, replace(hit, message=f"{hit.message}; the code that runs now still maps {_list(then)}")
    elif whole.plan.mapped is None or before is None:
        yield all_rules()[NOT_PROVEN], _not_proven(whole, hit)


def _not_proven(whole: Whole, hit: Hit) -> Hit:
    gone = _list(tuple(hit.goes))
    missing = (
        "its name is known only when the statement runs"
        if not all(map(_certain, hit.goes))
        else "what the models map is not known"
        if whole.plan.mapped is None
        else "no earlier run of other code is known here"
        if whole.live is not None
        else "there is no database to ask what the running code maps"
    )
    severity = Severity.ERROR if whole.policy.applying else Severity.WARNING
    return Hit(
        f"that running code no longer uses {gone} is not proven: {missing}",
        objects=hit.objects,
        severity=severity,
    )


def _certain(gone: Gone) -> bool:
    return gone.table.certain and gone.column != HOLE


def _mapped(mapped: Mapped | None, goes: tuple[Gone, ...]) -> tuple[Gone, ...]:
    """What of it is still mapped."""
    if mapped is None:
        return ()
    tables = {plain(name): columns for name, columns in mapped.items()}
    return tuple(
        gone
        for gone in goes
        if (columns := tables.get(plain(gone.table))) is not None
        and (gone.column is None or gone.column in columns)
    )


def _list(goes: tuple[Gone, ...]) -> str:
    return ", ".join(f"{g.table}.{g.column}" if g.column else str(g.table) for g in goes)
