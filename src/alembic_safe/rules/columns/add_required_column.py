"""ADD COLUMN ... NOT NULL without a default."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import SERIAL_TYPES, Column, LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.columns._filling import sa_type
from alembic_safe.rules.copying import copied
from alembic_safe.rules.looking import actions
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import BOTH, Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    copy = copied(place)
    for column in copy.added() if copy is not None else ():
        if copy is not None and _unfilled(column):
            yield _hit(copy.table, column)
    for _, table, action in actions(place, "add column"):
        if action.column is not None and _unfilled(action.column):
            yield _hit(table, action.column)


def _unfilled(column: Column) -> bool:
    """Whether a row that is there, or is written without it, has no value for it."""
    if not column.not_null or column.generated or (column.type and column.type.name in SERIAL_TYPES):
        return False
    return column.default is None or column.default.text.strip("() ").lower() == "null"


def _hit(table: Name, column: Column) -> Hit:
    target, name = code.ident(table), code.ident(column.name)
    return Hit(
        f"fails as soon as {table} has one row, and running code that does not name {column.name} could not "
        "insert any more",
        "# a default that the server knows (`default=` of a model never reaches the database)\n"
        + code.execute(f"ALTER TABLE {target} ADD COLUMN {name} {sa_type(column)} NOT NULL DEFAULT ...")
        + f"# as an op: sa.Column({column.name!r}, ..., server_default=..., nullable=False)\n",
        (table, f"{table}.{column.name}"),
        mode=LockMode.ACCESS_EXCLUSIVE,
    )


RULE = Rule(
    id="add-required-column",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="ADD COLUMN NOT NULL without a server default.",
    why=(
        "It fails with 23502 on any table that has a row, and passes on the empty one of a test. A `default=` of "
        "SQLAlchemy is Python's and is not in the DDL. With a constant server default it is instant."
    ),
    recipe="op.add_column('orders', sa.Column('state', sa.Text, server_default='new', nullable=False))\n",
    covers=("add-column-not-null-without-default", "add-column-python-default-only"),
    look=_look,
    dialects=BOTH,
)
