"""A foreign key whose rows are all looked up."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Constraint, LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import added_constraints, scans
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for table, constraint, _ in added_constraints(place, "foreign key"):
        found = tuple(s for s in scans(place, "foreign key") if s.certain)
        referenced = constraint.references
        if not found or referenced is None or not (constraint.valid and constraint.enforced):
            continue
        both = f"{table} and {referenced}" if place.old(referenced) and referenced != table else f"{table}"
        known = place.table(table)
        partitioned = known is not None and known.partitioned and place.version < 18
        yield Hit(
            f"looks up every row of {table} while every write to {both} waits",
            _recipe(table, constraint, partitioned),
            tuple(dict.fromkeys((table, referenced))),
            work=tuple(dict.fromkeys(s.object.name for s in found)),
            mode=LockMode.SHARE_ROW_EXCLUSIVE,
        )


def _recipe(table: Name, constraint: Constraint, partitioned: bool) -> str:
    name = constraint.name or f"fk_{table.name}_{'_'.join(constraint.columns)}"
    referenced = constraint.references or Name("...")
    if partitioned:
        return (
            "# NOT VALID is refused on a partitioned table before 18: on each partition first\n"
            + code.execute(
                f"ALTER TABLE <partition> ADD CONSTRAINT {code.ident(name)} FOREIGN KEY ... NOT VALID"
            )
            + code.execute(f"ALTER TABLE <partition> VALIDATE CONSTRAINT {code.ident(name)}")
            + "# then on the parent, which finds them valid\n"
        )
    schemas = f", source_schema={table.schema!r}" if table.schema else ""
    schemas += f", referent_schema={referenced.schema!r}" if referenced.schema else ""
    action = f", ondelete={constraint.on_delete.upper()!r}" if constraint.on_delete else ""
    return (
        "# revision 1: new rows are checked\n"
        f"op.create_foreign_key({name!r}, {table.name!r}, {referenced.name!r}, {code.names(constraint.columns)}, "
        f"{code.names(constraint.referenced_columns or ('id',))}{action}{schemas}, postgresql_not_valid=True)\n"
        "# revision 2: old rows are checked while reads and writes go on\n"
        + code.execute(f"ALTER TABLE {code.ident(table)} VALIDATE CONSTRAINT {code.ident(name)}")
    )


RULE = Rule(
    id="foreign-key-validates",
    severity=Severity.ERROR,
    hazard="scan",
    summary="ADD FOREIGN KEY without NOT VALID on a table that has rows.",
    why=(
        "SHARE ROW EXCLUSIVE is held on both tables while every row is looked up: writes to both wait. A new column "
        "that is NULL in all rows needs no look, if its foreign key is written with it (REFERENCES, `inline_references="
        "True`); op.add_column with ForeignKey alone adds it in a second statement, which does look."
    ),
    recipe=_recipe(
        Name("orders"),
        Constraint("foreign key", "fk_orders_user", ("user_id",), references=Name("users")),
        False,
    ),
    covers=("foreign-key-validates", "add-column-inline-foreign-key"),
    look=_look,
)
