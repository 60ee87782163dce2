"""ALTER SEQUENCE."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import actions
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    yield from _identity(place)
    for reading in place.readings:
        yield from _setval(place, reading)
        target = reading.target
        if reading.kind != "alter sequence" or target is None or place.made("sequence", target.name):
            continue
        if "if exists" in reading.flags and place.before.there("sequence", target.name) is False:
            continue
        values = " ".join(a.value or "" for a in reading.actions if a.kind == "options")
        if re.search(r"\brestart\b", values, re.IGNORECASE):
            yield _again(str(target.name), target.name, Severity.ERROR)
        elif (
            smaller := re.search(r"\bas\s+(smallint|int2|integer|int4|int)\b", values, re.IGNORECASE)
        ) is not None:
            yield Hit(
                f"fails where {target.name} is beyond what {smaller.group(1)} holds (22023), and ends there for "
                "running code",
                "# a sequence of another name, and the default of a new column from it\n",
                (target.name,),
                severity=Severity.ERROR,
            )
        elif values.strip():
            yield Hit(
                f"nextval('{target.name}'), and with it every insert that uses it, waits until the transaction ends",
                "# alone in its revision\n",
                (target.name,),
            )


def _identity(place: Place) -> Iterator[Hit]:
    """RESTART of an identity column."""
    for _, table, action in actions(place, "set identity"):
        if re.search(r"\brestart\b", action.value or "", re.IGNORECASE):
            yield _again(f"{table}.{action.name}", table, Severity.ERROR)


_SETVAL = re.compile(r"\s*'([^']+)'[\s:\w]*,\s*(-?\d+)\s*(?:,.*)?", re.DOTALL)


def _setval(place: Place, reading: Reading) -> Iterator[Hit]:
    """setval() to a number that is written out; one that is computed is taken to be meant."""
    for action in reading.actions:
        found = _SETVAL.fullmatch(action.value or "") if action.kind == "call" else None
        if found is None or not (action.name or "").endswith("setval"):
            continue
        name = Name(found.group(1).rpartition(".")[2].strip('"'))
        if not place.made("sequence", name):
            first = int(found.group(2)) <= 1
            yield _again(str(name), name, Severity.ERROR if first else Severity.WARNING)


def _again(what: str, name: Name, severity: Severity) -> Hit:
    return Hit(
        f"{what} gives numbers again that may be in use: inserts fail on their key (23505)",
        f"op.execute(\"SELECT setval('{name}', (SELECT max(id) FROM ...))\")\n",
        (name,),
        severity=severity,
    )


RULE = Rule(
    id="sequence-changed",
    severity=Severity.WARNING,
    hazard="lock",
    summary="ALTER SEQUENCE of a sequence in use; RESTART is an error.",
    why="SHARE ROW EXCLUSIVE on the sequence lets nextval() wait to the end of the transaction (docs: ALTER SEQUENCE).",
    recipe="# revision of its own\nop.execute('ALTER SEQUENCE orders_id_seq CACHE 50')\n",
    covers=("sequence-changed",),
    look=_look,
)
