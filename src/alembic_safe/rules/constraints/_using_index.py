"""The recipe of a constraint whose index was built before."""

from __future__ import annotations

from collections.abc import Iterable

from alembic_safe.model.facts import Name
from alembic_safe.rules import code


def using_index(table: Name, name: str, columns: Iterable[str], kind: str, first: str = "") -> str:
    """Build a unique index beside reads and writes, then make it the constraint's."""
    return (
        "# revision 1\n"
        + code.alone(
            f"op.create_index({name!r}, {table.name!r}, {code.names(columns)}, unique=True"
            f"{code.schema_of(table)}, postgresql_concurrently=True)\n"
        )
        + first
        + "# the next revision: instant\n"
        + code.execute(
            f"ALTER TABLE {code.ident(table)} ADD CONSTRAINT {code.ident(name)} {kind} USING INDEX {code.ident(name)}"
        )
    )
