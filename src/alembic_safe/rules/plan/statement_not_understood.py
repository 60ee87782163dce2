"""A statement that could not be read whole."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.known_kinds import unknown_to_rules
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import BOTH, Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    reason = next((r.not_understood for r in place.readings if r.not_understood), "")
    reason = reason or next((what for r in place.readings for what in unknown_to_rules(r)), "")
    if reason:
        # SQLite's own words are not PostgreSQL's, and nobody runs beside its migration
        strict = place.whole.policy.applying and place.whole.plan.dialect == "postgresql"
        severity = Severity.ERROR if strict else Severity.WARNING
        yield Hit(f"what it does is not known: {reason}", severity=severity)


RULE = Rule(
    id="statement-not-understood",
    severity=Severity.WARNING,
    hazard="unread",
    summary="A statement could not be read whole, so that it may do anything.",
    why=(
        "SQL that is put together when it runs (EXECUTE of a variable in a DO block, a function or procedure "
        "whose body is elsewhere) or written in a way that is not known here is not judged. It is an error in "
        "`upgrade`, where it is about to run, and a warning in `check`."
    ),
    recipe=(
        "# write the statements out, or rehearse the revision on a clone and allow it by name:\n"
        "# alembic-safe: allow statement-not-understood because rehearsed, takes 40 ms on a copy\n"
        "op.execute('CALL rebuild_totals()')\n"
    ),
    covers=("opaque-sql",),
    look=_look,
    dialects=BOTH,
)
