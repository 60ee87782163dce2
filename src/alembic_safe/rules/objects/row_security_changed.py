"""Row level security and its policies."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions, on_table
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule

_SWITCHES = ("enable row security", "force row security", "disable row security", "no force row security")


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, *_SWITCHES):
        on = action.kind in _SWITCHES[:2]
        if on and not _has_policy(place, table):
            yield Hit(
                f"every row of {table} is hidden from all but its owner: there is no policy yet",
                code.execute(f"CREATE POLICY ... ON {code.ident(table)} USING (...)")
                + code.execute(f"ALTER TABLE {code.ident(table)} ENABLE ROW LEVEL SECURITY"),
                (table,),
                mode=LockMode.ACCESS_EXCLUSIVE,
            )
        else:
            seen = "other rows" if on else "all rows"
            yield Hit(f"running code sees {seen} of {table}", objects=(table,), severity=Severity.WARNING)
    for reading in place.readings:
        found = on_table(reading)
        if reading.kind in ("create policy", "alter policy", "drop policy") and found and place.old(found):
            yield Hit(
                f"running code may see or write other rows of {found}",
                "# try it as the application's role\n",
                (found,),
                mode=LockMode.ACCESS_EXCLUSIVE,
                severity=Severity.WARNING,
            )


def _has_policy(place: Place, table: Name) -> bool:
    """Whether a policy on it is made in this transaction, or earlier in the plan."""
    later = [p for p in place.after_in_revision() if p.command.transaction == place.command.transaction]
    return any(
        reading.kind == "create policy"
        and (where := on_table(reading)) is not None
        and plain(where) == plain(table)
        for one in (*place.whole.places[: place.position], *later)
        for reading in one.readings
    )


RULE = Rule(
    id="row-security-changed",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="ENABLE ROW LEVEL SECURITY without a policy; policies that change (a warning).",
    why=(
        "Without a policy nobody but the owner sees a row. Each of these takes ACCESS EXCLUSIVE for an instant and "
        "changes what running queries return."
    ),
    recipe=(
        "op.execute('CREATE POLICY own ON orders USING (owner = current_user)')\n"
        "op.execute('ALTER TABLE orders ENABLE ROW LEVEL SECURITY')\n"
    ),
    covers=("row-security-changed",),
    look=_look,
)
