"""REVOKE and OWNER TO."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        named = tuple(o.name for o in reading.objects if not place.made(o.kind, o.name))
        tables = tuple(o.name for o in reading.objects if o.kind == "table" and place.old(o.name))
        others = tuple(n for n in named if n not in {o.name for o in reading.objects if o.kind == "table"})
        if reading.kind == "revoke" and (tables or others or not reading.objects):
            what = ", ".join(map(str, (*tables, *others))) or "what the statement names"
            yield Hit(
                f"a role that still uses {what} is refused from the commit on (42501)",
                objects=(*tables, *others),
            )
        elif reading.kind == "alter default privileges" and "revoke" in reading.text.lower():
            yield Hit("roles do not get the rights on tables that are made later", severity=Severity.WARNING)
        elif named and any(a.kind == "owner to" for a in reading.actions):
            yield Hit(
                f"the former owner loses all rights on {named[0]} that were not granted to it",
                code.execute(f"GRANT ... ON {code.ident(named[0])} TO ..."),
                named[:1],
                severity=Severity.WARNING,
            )


RULE = Rule(
    id="privileges-changed",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="REVOKE on what is in use, or a new owner.",
    why=(
        "Running code meets 'permission denied' at once. REVOKE is a contract step, after the last user is gone; a "
        "new owner takes ACCESS EXCLUSIVE for an instant and the old one's implied rights."
    ),
    recipe=code.CONTRACT + "op.execute('REVOKE INSERT ON orders FROM legacy_app')\n",
    covers=("owner-or-grants-changed",),
    look=_look,
    contract=True,
)
