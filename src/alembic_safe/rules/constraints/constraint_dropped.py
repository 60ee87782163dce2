"""A guarantee goes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import HOLE, Constraint, LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions, added_constraints, says_not_null
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    yield from _of_domain(place)
    yield from _switched_off(place)
    for _, table, action in actions(place, "drop constraint"):
        name = action.name or ""
        known = place.table(table)
        constraint = known.constraints.get(name) if known is not None else None
        if name == HOLE:
            constraint = None  # any of them
        elif place.made("constraint", table, name) or (
            _replaced(place, table, constraint or Constraint("check", name))
            or (constraint is not None and _spare(place, table, constraint))
        ):
            continue
        complete = known is not None and known.complete and name != HOLE
        if constraint is None and complete and "if exists" in action.flags:
            continue
        kind = constraint.kind if constraint is not None else "constraint"
        yield Hit(
            _message(kind, constraint, table, name),
            code.CONTRACT + f"op.drop_constraint({name!r}, {table.name!r}{code.schema_of(table)})\n",
            (table, name),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


def _switched_off(place: Place) -> Iterator[Hit]:
    """ALTER CONSTRAINT ... NOT ENFORCED (18): it stays in name alone."""
    for reading, table, action in actions(place, "alter constraint"):
        if re.search(r"\bnot\s+enforced\b", action.value or "", re.IGNORECASE):
            known = place.table(table)
            constraint = known.constraints.get(action.name or "") if known is not None else None
            if constraint is None or constraint.enforced:
                yield Hit(
                    _message("foreign key", constraint, table, action.name or ""),
                    code.CONTRACT + code.execute(reading.text),
                    (table, action.name or ""),
                )


_KINDS = ("check", "unique", "primary key", "foreign key", "exclude")


def _of_domain(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if reading.kind != "alter domain" or target is None or place.made("domain", target.name):
            continue
        for action in reading.actions:
            if action.kind in ("drop constraint", "drop not null"):
                yield Hit(
                    f"values that it kept out may enter every column of {target.name}",
                    code.CONTRACT + code.execute(reading.text),
                    (target.name, action.name or ""),
                )


def _spare(place: Place, table: Name, constraint: Constraint) -> bool:
    """Whether it says what something else still says: NOT NULL, or another unique index."""
    if constraint.kind == "check":
        column = place.column(table, says_not_null(constraint.expression))
        return column is not None and column.not_null and column.not_null_valid
    if constraint.kind == "unique":
        return any(
            i.unique
            and not i.depends
            and i.constraint != constraint.name
            and set(i.columns) == set(constraint.columns)
            for i in place.before.indexes_of(plain(table))
        )
    return False


def _replaced(place: Place, table: Name, constraint: Constraint) -> bool:
    """Whether the same transaction adds another of its kind over the same columns."""
    others = [
        other
        for other in (place, *place.before_in_revision(), *place.after_in_revision())
        if other.command.transaction == place.command.transaction
    ]
    over = _over(constraint)
    for other in others:
        for _, where, action in actions(other, "rename column"):
            if plain(where) == plain(table) and over & {action.name, action.new_name}:
                over |= {action.name or "", action.new_name or ""}
    for other in others:
        for where, made, _ in added_constraints(other, *_KINDS):
            alike = made.kind == constraint.kind and _over(made) & over
            same = made.name == constraint.name or alike
            if plain(where) == plain(table) and same:
                return True
    return False


def _over(constraint: Constraint) -> frozenset[str]:
    """Its columns; of a CHECK the words of its expression that may be some."""
    words = re.findall(r"[^\W\d]\w*", constraint.expression.lower())
    return frozenset(constraint.columns) or frozenset(words) - {"and", "or", "not", "null", "is", "in"}


def _message(kind: str, constraint: Constraint | None, table: Name, name: str) -> str:
    if kind in ("unique", "primary key"):
        columns = ", ".join(constraint.columns) if constraint is not None else ""
        return f"duplicates of {columns} may enter {table}, and ON CONFLICT on it fails at once (42P10)"
    if kind == "foreign key" and constraint is not None:
        return f"rows without a match in {constraint.references} may enter {table}; both are locked for an instant"
    return f"rows that break {name} may enter {table}, and adding it again has to check them all"


RULE = Rule(
    id="constraint-dropped",
    severity=Severity.ERROR,
    hazard="irreversible",
    summary="DROP CONSTRAINT of a guarantee that code may rely on.",
    why=(
        "The DDL is instant. Unique keys carry ON CONFLICT and foreign keys, and running code leaves to a CHECK or a "
        "foreign key what it does not look at itself: dropping one is a contract step (an error until declared). One "
        "that the same transaction replaces by another over the same columns is none, and a CHECK (x IS NOT NULL) of a "
        "column that is NOT NULL by now may go."
    ),
    recipe=code.CONTRACT + "op.drop_constraint('uq_users_email', 'users')\n",
    covers=("constraint-dropped",),
    look=_look,
    contract=True,
)
