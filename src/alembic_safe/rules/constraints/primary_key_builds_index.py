"""PRIMARY KEY that builds its index, or makes columns NOT NULL, under ACCESS EXCLUSIVE."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.constraints._using_index import using_index
from alembic_safe.rules.looking import added_constraints, scans
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for table, constraint, _ in added_constraints(place, "primary key"):
        if constraint.using_index is not None and not scans(place, "not null"):
            continue
        builds = constraint.using_index is None
        index = None if builds else place.before.index(Name(constraint.using_index or "", table.schema))
        columns = constraint.columns or (index.columns if index is not None else ())
        name = constraint.name or f"{table.name}_pkey"
        what = (
            "builds an index over"
            if builds
            else f"reads all of it for NULLs in {', '.join(columns)} to make a key of"
        )
        yield Hit(
            f"{what} {table} while every read and write waits",
            using_index(
                table, constraint.using_index or name, columns, "PRIMARY KEY", _not_null(table, columns)
            ),
            (table, *((constraint.name,) if constraint.name else ())),
            work=(table,),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


def _not_null(table: Name, columns: tuple[str, ...]) -> str:
    lines = ""
    for column in columns:
        check = f"{table.name}_{column}_not_null"
        lines += (
            f"# revisions between, where {column} may be NULL\n"
            f"op.create_check_constraint({check!r}, {table.name!r}, {f'{code.ident(column)} IS NOT NULL'!r}"
            f"{code.schema_of(table)}, postgresql_not_valid=True)\n"
            + code.execute(f"ALTER TABLE {code.ident(table)} VALIDATE CONSTRAINT {code.ident(check)}")
            + f"op.alter_column({table.name!r}, {column!r}, nullable=False{code.schema_of(table)})\n"
        )
    return lines


RULE = Rule(
    id="primary-key-builds-index",
    severity=Severity.ERROR,
    hazard="scan",
    summary="ADD PRIMARY KEY over columns, or USING INDEX over columns that may be NULL.",
    why=(
        "The key's columns are made NOT NULL, which reads every row, and its index is built, both under ACCESS "
        "EXCLUSIVE. With an index built before and columns that are NOT NULL it is instant."
    ),
    recipe=using_index(
        Name("orders"), "orders_pkey", ("id",), "PRIMARY KEY", _not_null(Name("orders"), ("id",))
    ),
    covers=("primary-key-builds-index", "primary-key-using-nullable-index", "add-column-inline-primary-key"),
    look=_look,
)
