"""A change of a table that logical replication carries elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Action, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(
        place, "replica identity", "drop constraint", "add column", "drop column"
    ):
        live = place.whole.live.table(table) if place.whole.live is not None else None
        published = ", ".join(live.publications) if live is not None else ""
        if _loses_identity(place, table, action) and (published or action.kind == "replica identity"):
            of = f" through {published}" if published else ", if it is in a publication"
            yield Hit(
                f"every UPDATE and DELETE in {table} fails at once{of}: it would have no replica identity",
                code.execute(f"ALTER TABLE {code.ident(table)} REPLICA IDENTITY USING INDEX ..."),
                (table,),
                severity=Severity.ERROR,
            )
        elif published and action.kind in ("add column", "drop column"):
            order = "the subscriber first" if action.kind == "add column" else "the publisher first"
            yield Hit(
                f"{published} carries rows and no DDL: apply stops on subscribers that differ; {order}",
                objects=(table,),
            )


def _loses_identity(place: Place, table: Name, action: Action) -> bool:
    known = place.table(table)
    if action.kind == "replica identity":
        keyed = known is None or any(c.kind == "primary key" for c in known.constraints.values())
        bare = not keyed and known is not None and known.complete
        return action.value == "nothing" or (action.value == "default" and bare)
    if known is None or known.replica_identity == "full":
        return False
    constraint = known.constraints.get(action.name or "")
    return action.kind == "drop constraint" and constraint is not None and constraint.kind == "primary key"


RULE = Rule(
    id="published-table-changed",
    severity=Severity.WARNING,
    hazard="breaks application",
    summary="REPLICA IDENTITY NOTHING, or a primary key or columns of a published table change.",
    why=(
        "A published table without replica identity refuses UPDATE and DELETE, while INSERT passes (measured on 15 and "
        "18). DDL is not replicated (docs: Logical Replication, Restrictions)."
    ),
    recipe="op.execute('ALTER TABLE orders REPLICA IDENTITY USING INDEX uq_orders_number')\n",
    covers=("primary-key-dropped-on-published-table", "logical-replication-not-told"),
    look=_look,
)
