"""SET NOT NULL that reads the whole table."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions, added_constraints, scans
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    found = scans(place, "not null")
    if not found:
        return
    columns = [(table, a.name or "") for _, table, a in actions(place, "set not null")]
    columns += [
        (table, c.columns[0])
        for table, c, new in added_constraints(place, "not null")
        if not new and c.valid and c.columns
    ]
    for table, column in columns:
        if _free(place, table, column):
            continue
        yield Hit(
            f"reads all of {table} for NULLs while every read and write waits, and from then on writers that leave "
            f"{column} empty fail",
            _recipe(table, column, place.version),
            (table, f"{table}.{column}"),
            work=tuple(dict.fromkeys(s.object.name for s in found)),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


def _free(place: Place, table: Name, column: str) -> bool:
    state = place.column(table, column)
    return state is not None and state.not_null and state.not_null_valid


def _recipe(table: Name, column: str, version: int) -> str:
    target, name, check = code.ident(table), code.ident(column), f"{table.name}_{column}_not_null"
    validate = code.execute(f"ALTER TABLE {target} VALIDATE CONSTRAINT {code.ident(check)}")
    if version >= 18:
        add = f"ALTER TABLE {target} ADD CONSTRAINT {code.ident(check)} NOT NULL {name} NOT VALID"
        return "# revision 1\n" + code.execute(add) + "# revision 2\n" + validate
    of = code.schema_of(table)
    return (
        "# revision 1\n"
        f"op.create_check_constraint({check!r}, {table.name!r}, {f'{name} IS NOT NULL'!r}{of}, "
        "postgresql_not_valid=True)\n"
        "# revision 2: reads and writes go on\n" + validate + "# revision 3: needs no scan any more\n"
        f"op.alter_column({table.name!r}, {column!r}, nullable=False{of})\n"
        f"op.drop_constraint({check!r}, {table.name!r}{of})\n"
    )


RULE = Rule(
    id="set-not-null-scan",
    severity=Severity.ERROR,
    hazard="scan",
    summary="SET NOT NULL without a valid CHECK that proves it.",
    why=(
        "ACCESS EXCLUSIVE is held while every row is read. From 12 on a valid CHECK (column IS NOT NULL) spares the "
        "scan; a NOT VALID one does not. PostgreSQL 18 takes NOT NULL ... NOT VALID itself (docs: ALTER TABLE)."
    ),
    recipe=_recipe(Name("orders"), "state", 17),
    covers=("set-not-null-scan", "set-not-null-old-writers-fail"),
    look=_look,
)
