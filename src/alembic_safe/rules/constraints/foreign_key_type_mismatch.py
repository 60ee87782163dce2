"""A foreign key from a narrower number than the key it refers to."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import SERIAL_TYPES, Constraint, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules.constraints.foreign_key_without_index import _foreign_keys
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_WIDTH = {"smallint": 2, "integer": 4, "bigint": 8}


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if target is None or reading.kind not in ("create table", "alter table"):
            continue
        for constraint in _foreign_keys(reading):
            for column, key in _pairs(place, constraint):
                own = _type(place, reading, target.name, column)
                other = _type(place, reading, constraint.references or target.name, key)
                if own in _WIDTH and other in _WIDTH and _WIDTH[own] < _WIDTH[other]:
                    yield Hit(
                        f"{column} is {own} and ends before {constraint.references}.{key}, which is {other}",
                        f"sa.Column({column!r}, sa.{'BigInteger' if other == 'bigint' else 'Integer'}, ...)\n",
                        (target.name, f"{target.name}.{column}"),
                    )


def _pairs(place: Place, constraint: Constraint) -> tuple[tuple[str, str], ...]:
    keys = constraint.referenced_columns
    known = place.table(constraint.references) if constraint.references is not None else None
    if not keys and known is not None:
        keys = next((c.columns for c in known.constraints.values() if c.kind == "primary key"), ())
    return tuple(zip(constraint.columns, keys, strict=False))


def _type(place: Place, reading: Reading, table: Name, column: str) -> str:
    if reading.target is not None and reading.target.name == table:
        for action in reading.actions:
            if action.column is not None and action.column.name == column and action.column.type is not None:
                return SERIAL_TYPES.get(action.column.type.name, action.column.type.name)
    state = place.column(table, column)
    return state.type.name if state is not None and state.type is not None else ""


RULE = Rule(
    id="foreign-key-type-mismatch",
    severity=Severity.WARNING,
    hazard="hygiene",
    summary="A foreign key's column is a narrower integer than the key.",
    why="Once the key passes 2^31, inserts that refer to such a row fail (22003), and the way out is a rewrite.",
    recipe="sa.Column('user_id', sa.BigInteger, sa.ForeignKey('users.id'))\n",
    covers=("foreign-key-column-type-mismatch",),
    look=_look,
)
