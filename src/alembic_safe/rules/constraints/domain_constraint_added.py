"""A domain's new constraint is verified in every table."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import scans
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if reading.kind != "alter domain" or target is None or place.made("domain", target.name):
            continue
        for action in reading.actions:
            adds = (
                action.kind == "add constraint" and action.constraint is not None and action.constraint.valid
            )
            if not (adds or action.kind in ("set not null", "validate constraint")):
                continue
            tables = tuple(dict.fromkeys(s.object.name for s in scans(place, "check")))
            if not tables and place.before.knows_all:
                continue
            where = ", ".join(map(str, tables)) or f"every table with columns of {target.name}"
            yield Hit(
                f"reads all rows of {where} while every write to it waits",
                _recipe(target.name),
                (target.name, *tables),
                work=tables,
                mode=LockMode.SHARE,
            )


def _recipe(domain: Name) -> str:
    return (
        "# a CHECK on each table, which can be validated while writes go on\n"
        + code.execute(
            f"ALTER TABLE ... ADD CONSTRAINT ... CHECK (...) NOT VALID  -- instead of on {code.ident(domain)}"
        )
        + "# next revision\n"
        + code.execute("ALTER TABLE ... VALIDATE CONSTRAINT ...")
    )


RULE = Rule(
    id="domain-constraint-added",
    severity=Severity.ERROR,
    hazard="scan",
    summary="ALTER DOMAIN that verifies rows: ADD CONSTRAINT, SET NOT NULL, VALIDATE.",
    why=(
        "SHARE is taken on every table that has a column of the domain, and each is read. NOT VALID spares that, but "
        "VALIDATE of a domain still takes SHARE on 18, unlike that of a table's CHECK."
    ),
    recipe=_recipe(Name("email")),
    covers=("domain-constraint-added",),
    look=_look,
)
