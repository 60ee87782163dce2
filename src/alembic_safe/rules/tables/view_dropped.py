"""DROP VIEW and DROP MATERIALIZED VIEW."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import dropped
from alembic_safe.rules.place import Place, same
from alembic_safe.rules.rule import BOTH, Gone, Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading, name in dropped(place, "view", "materialized view"):
        if not place.old(name):
            continue
        again = _made_again(place, name)
        if again is not None and again.reading.kind == "create view":
            # both in one transaction: nobody sees it gone
            if place.before.rights_go_with(name) and not _granted_again(again, name):
                yield _without_rights(place, name)
            continue
        if again is not None:
            message = f"reads of {name} wait from here until its query has run again and the transaction ends"
        else:
            message = f"every query of running code on {name} fails (42P01)"
        kind = reading.kind.removeprefix("drop ").upper()
        yield Hit(
            message,
            "# a new view under a new name; drop this one when nothing reads it\n"
            + code.CONTRACT
            + code.execute(f"DROP {kind} {code.ident(name)}"),
            (name,),
            mode=LockMode.ACCESS_EXCLUSIVE,
            goes=(Gone(name),),
            fails=again is not None,
        )


def _without_rights(place: Place, name: Name) -> Hit:
    return Hit(
        f"the rights given on {name} go with it: roles that have them are refused from the commit on (42501)",
        "# after CREATE VIEW, in the same transaction\n"
        + code.execute(f"GRANT SELECT ON {code.ident(name)} TO ..."),
        (name,),
        mode=LockMode.ACCESS_EXCLUSIVE,
        fails=True,
    )


def _granted_again(made: Place, name: Name) -> bool:
    """Whether rights on it are given after it was made, in the same transaction."""
    return any(
        reading.kind == "grant"
        and ("all tables in schema" in reading.flags or any(same(o.name, name) for o in reading.objects))
        for later in (made, *made.after_in_revision())
        if later.command.transaction == made.command.transaction
        for reading in later.readings
    )


def _made_again(place: Place, name: Name) -> Place | None:
    for later in (place, *place.after_in_revision()):
        together = place.in_transaction and later.command.transaction == place.command.transaction
        for reading in later.readings:
            target = reading.target
            made = reading.kind in ("create view", "create materialized view", "create table")
            if together and made and target is not None and same(target.name, name):
                return later
    return None


RULE = Rule(
    id="view-dropped",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="DROP VIEW that nothing replaces in the same transaction, or whose rights nobody gives again.",
    why=(
        "Who reads the view fails from the commit on. Dropped and made again in one transaction nobody sees it gone; "
        "a materialized one is then locked while its query runs. What was granted on it goes with it."
    ),
    recipe="op.execute('DROP VIEW open_orders')\nop.execute('CREATE VIEW open_orders AS SELECT ...')\n",
    covers=("view-dropped-or-replaced",),
    look=_look,
    contract=True,
    dialects=BOTH,
)
