"""The recipe of an incompatible change: a column beside the old one."""

from __future__ import annotations

from alembic_safe.model.facts import Name
from alembic_safe.rules import code
from alembic_safe.rules.columns._filling import backfill


def shadow(table: Name, column: str, new: str, type_: str, value: str) -> str:
    """Expand, backfill, contract, each in a release of its own."""
    target, old, name = code.ident(table), code.ident(column), code.ident(new)
    return (
        "# release 1, expand: a new column, which new code writes too (or a trigger keeps equal)\n"
        + code.execute(f"ALTER TABLE {target} ADD COLUMN {name} {type_}")
        + "# the next revision, backfill\n"
        + backfill(table, f"{name} = {value}", f"{name} IS NULL AND {old} IS NOT NULL")
        + "# release 2: the models map the new column alone\n"
        + "# release 3, contract\n"
        + code.CONTRACT
        + f"op.drop_column({table.name!r}, {column!r}{code.schema_of(table)})\n"
    )
