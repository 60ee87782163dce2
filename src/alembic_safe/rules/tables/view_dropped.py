"""DROP VIEW and DROP MATERIALIZED VIEW."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import dropped
from alembic_safe.rules.place import Place, same
from alembic_safe.rules.rule import BOTH, Gone, Hit, Rule
from alembic_safe.rules.tables._rights import READING, WRITING, given_again, lost, said
from alembic_safe.rules.tables._view_rows import takes_writes_by_shape


def _look(place: Place) -> Iterator[Hit]:
    for reading, name in dropped(place, "view", "materialized view"):
        if not place.old(name):
            continue
        again = _made_again(place, name)
        if again is not None and again.reading.kind == "create view":
            # both in one transaction: nobody sees it gone
            old = place.table(name)
            written = old is not None and takes_writes_by_shape(old.shape)
            rights = lost(place, again, name, WRITING if written else READING)
            if rights:
                yield _without_rights(rights, name)
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


def _without_rights(rights: tuple[str, ...], name: Name) -> Hit:
    return Hit(
        f"the rights given on {name} go with it: {said(rights)} is refused from the commit on (42501)",
        "# after CREATE VIEW, in the same transaction\n" + given_again(rights, name),
        (name,),
        mode=LockMode.ACCESS_EXCLUSIVE,
        fails=True,
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
