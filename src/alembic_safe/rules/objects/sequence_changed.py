"""ALTER SEQUENCE."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if reading.kind != "alter sequence" or target is None or place.made("sequence", target.name):
            continue
        values = " ".join(a.value or "" for a in reading.actions if a.kind == "options")
        if re.search(r"\brestart\b", values, re.IGNORECASE):
            yield Hit(
                f"{target.name} gives numbers again that are in use: inserts fail on their key (23505)",
                f"op.execute(\"SELECT setval('{target.name}', (SELECT max(id) FROM ...))\")\n",
                (target.name,),
                severity=Severity.ERROR,
            )
        elif values.strip():
            yield Hit(
                f"nextval('{target.name}'), and with it every insert that uses it, waits until the transaction ends",
                "# alone in its revision\n",
                (target.name,),
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
