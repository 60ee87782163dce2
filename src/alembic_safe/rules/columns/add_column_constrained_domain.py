"""ADD COLUMN of a domain that checks its values."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions, rewrites
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    known = rewrites(place)
    for _, table, action in actions(place, "add column"):
        column = action.column
        if column is None or column.type is None or not known or column.generated:
            continue
        if column.default is not None and column.default.volatility in ("volatile", "unknown"):
            continue
        domain = place.before.type(Name(column.type.name, column.type.schema))
        certain = domain is not None and domain.kind == "domain"
        if domain is not None and not certain:
            continue
        if not certain and not any("domain" in r.why for r in known):
            continue
        tail = "" if certain else f", if {column.type.name} is a domain with constraints"
        yield Hit(
            f"writes every row of {table} again to check {column.name}, while every read and write waits{tail}",
            _recipe(table, column.name),
            (table, f"{table}.{column.name}", column.type.name),
            work=(table,),
            mode=LockMode.ACCESS_EXCLUSIVE,
            severity=None if certain else Severity.WARNING,
        )


def _recipe(table: Name, column: str) -> str:
    target, name = code.ident(table), code.ident(column)
    check = f"ck_{table.name}_{column}"
    return (
        "# the domain's base type, and its check on the table\n"
        + code.execute(f"ALTER TABLE {target} ADD COLUMN {name} text")
        + f"op.create_check_constraint({check!r}, {table.name!r}, '{column} ~ ...'{code.schema_of(table)}, "
        "postgresql_not_valid=True)\n"
        + "# in the next revision\n"
        + code.execute(f"ALTER TABLE {target} VALIDATE CONSTRAINT {code.ident(check)}")
    )


RULE = Rule(
    id="add-column-constrained-domain",
    severity=Severity.ERROR,
    hazard="rewrite",
    summary="ADD COLUMN of a domain with CHECK or NOT NULL.",
    why=(
        "The domain's constraints are checked row by row, for which PostgreSQL writes the whole table again under "
        "ACCESS EXCLUSIVE: measured on 15 to 18, also with a constant default and with none. A domain without "
        "constraints costs nothing."
    ),
    recipe=_recipe(Name("users"), "email"),
    covers=("add-column-constrained-domain",),
    look=_look,
)
