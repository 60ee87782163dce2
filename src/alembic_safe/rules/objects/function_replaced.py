"""CREATE OR REPLACE FUNCTION that the server refuses, or that makes a second function beside the old one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.model.known import KnownRoutine
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_RAISES = re.compile(r"\braise\s+(?!notice|warning|info|log|debug)", re.IGNORECASE)
_SKIPS = re.compile(r"\breturn\s+null\b", re.IGNORECASE)


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        made = next((a for a in reading.actions if a.kind == "signature"), None)
        target = reading.target
        if reading.kind not in ("create function", "create procedure") or made is None or target is None:
            continue
        known = place.before.routines_of(target.name)
        same = next((r for r in known if r.signature == made.name), None)
        if same is not None and (why := _refused(reading, same, made.value or "")):
            yield Hit(
                f"fails (42P13): {target.name}({same.signature}) {why}",
                _recipe(target.name, same.signature, "or replace" in reading.flags),
                (target.name,),
                fails=True,
            )
        elif same is not None and made.value == "trigger" and (why := _refuses_rows(reading, same)):
            yield Hit(
                f"the triggers that call {target.name} {why} from the commit on that were fine before",
                "# a function of another name, and a trigger of its own when no running code writes such rows\n",
                (target.name,),
            )
        elif same is None and known and (beside := _ambiguous(reading, made.name or "", known)):
            yield Hit(
                f"calls of {target.name} with {beside} arguments fit it and the old one: they fail at once (42725)",
                "# one transaction\n"
                + code.execute(f"DROP FUNCTION {code.ident(target.name)}({known[0].signature})")
                + code.execute("CREATE FUNCTION ..."),
                (target.name,),
            )


def _refused(reading: Reading, old: KnownRoutine, returns: str) -> str:
    """Why the server does not replace it; "" where it does."""
    if "or replace" not in reading.flags:
        return "is there already"
    if returns and old.returns and returns != old.returns:
        return f"returns {old.returns}, which a replacement cannot change"
    names = [a.name or "" for a in reading.actions if a.kind == "argument" and "out" not in a.flags]
    if any(before and before != now for before, now in zip(old.names, names, strict=False)):
        return "has other names for its arguments, which a replacement cannot change"
    defaults = sum(a.kind == "argument" and "default" in a.flags for a in reading.actions)
    return "has defaults that a replacement cannot take away" if defaults < old.defaults else ""


def _refuses_rows(reading: Reading, old: KnownRoutine) -> str:
    """What the new body of a trigger's function does to writes and the old one did not, in words; "" for nothing."""
    for pattern, what in ((_RAISES, "may refuse rows"), (_SKIPS, "may skip rows")):
        if old.body is not None and pattern.search(reading.text) and not pattern.search(old.body):
            return what
    return ""


def _ambiguous(reading: Reading, signature: str, known: tuple[KnownRoutine, ...]) -> str:
    """How many arguments a call has that both take; "" where there is none."""
    types = signature.split(", ") if signature else []
    defaults = sum(a.kind == "argument" and "default" in a.flags for a in reading.actions)
    for old in known:
        before = old.signature.split(", ") if old.signature else []
        shared = min(len(types), len(before))
        least = max(len(types) - defaults, len(before) - old.defaults)
        if types[:shared] == before[:shared] and least <= shared and len(types) != len(before):
            return str(shared) if shared else "no"
    return ""


def _recipe(name: Name, signature: str, replaces: bool) -> str:
    drop = code.execute(f"DROP FUNCTION {code.ident(name)}({signature})")
    return (
        "# one transaction, if nothing depends on it; else a new name\n"
        + (drop if replaces else "")
        + code.execute("CREATE FUNCTION ...")
    )


RULE = Rule(
    id="function-replaced",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="CREATE OR REPLACE FUNCTION with another type or arguments, or a trigger's that refuses writes.",
    why=(
        "A replacement keeps the return type and the names of the arguments, else the server refuses it (42P13). With "
        "other argument types it is a second function beside the old one, and calls that fit both through defaults are "
        "refused from the commit on (docs: CREATE FUNCTION)."
    ),
    recipe=(
        "op.execute('DROP FUNCTION order_total(bigint)')\n"
        "op.execute('CREATE FUNCTION order_total(bigint, integer DEFAULT 0) RETURNS numeric ...')\n"
    ),
    covers=("function-replaced-or-dropped",),
    look=_look,
)
