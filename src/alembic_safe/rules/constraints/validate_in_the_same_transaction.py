"""NOT VALID and VALIDATE in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Constraint, LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions, added_constraints
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "validate constraint"):
        added = _added(place, table, action.name or "")
        if added is None:
            continue
        foreign = added.kind == "foreign key" and added.references is not None
        mode = LockMode.SHARE_ROW_EXCLUSIVE if foreign else LockMode.ACCESS_EXCLUSIVE
        whom = (
            f"every write to {table} and {added.references}"
            if foreign
            else f"every read and write of {table}"
        )
        target = code.ident(table)
        yield Hit(
            f"{whom} waits while all rows are checked: the lock of the ADD is still held",
            "# in a revision of its own\n"
            + code.execute(f"ALTER TABLE {target} VALIDATE CONSTRAINT {code.ident(action.name or '')}"),
            (table, action.name or ""),
            work=(table,),
            mode=mode,
        )


def _added(place: Place, table: Name, name: str) -> Constraint | None:
    """The constraint, if this very transaction added it."""
    for earlier in place.before_in_revision():
        if earlier.command.transaction is None or earlier.command.transaction != place.command.transaction:
            continue
        for where, constraint, _ in added_constraints(earlier, "check", "foreign key", "not null"):
            if plain(where) == plain(table) and constraint.name == name:
                return constraint
    return None


RULE = Rule(
    id="validate-in-the-same-transaction",
    severity=Severity.ERROR,
    hazard="scan",
    summary="ADD ... NOT VALID and VALIDATE CONSTRAINT in the same transaction.",
    why=(
        "Locks are kept to the end of the transaction. The ADD's ACCESS EXCLUSIVE (for a foreign key SHARE ROW "
        "EXCLUSIVE on both tables) is still held while VALIDATE reads every row."
    ),
    recipe=(
        "# revision 1\n"
        "op.create_check_constraint('ck_total', 'orders', 'total >= 0', postgresql_not_valid=True)\n"
        "# revision 2\n"
        "op.execute('ALTER TABLE orders VALIDATE CONSTRAINT ck_total')\n"
    ),
    covers=("validate-in-the-same-transaction",),
    look=_look,
)
