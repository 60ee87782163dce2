"""Gives the facts of a reading: dispatches to the family that knows its effects."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Facts, Reading
from alembic_safe.sql.effects.alter_table import alter_table
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.effects.data import FAMILY as DATA
from alembic_safe.sql.effects.existence import existence
from alembic_safe.sql.effects.indexes import FAMILY as INDEXES
from alembic_safe.sql.effects.refusals import refused
from alembic_safe.sql.effects.relations import FAMILY as RELATIONS
from alembic_safe.sql.effects.transactions import judge_transaction
from alembic_safe.sql.effects.types import FAMILY as TYPES
from alembic_safe.sql.schema.model import Schema
from alembic_safe.sql.schema.replay import apply

OLDEST, NEWEST = 15, 18


def facts_of(reading: Reading, version: int, schema: Schema | None = None) -> Facts:
    """The facts of one statement on a server of major `version`, with what `schema` knows from before it.

    A version outside `OLDEST` to `NEWEST` is judged by the nearest of them. What the statement does inside
    (a DO block) is counted as its own.
    """
    effects = Effects(reading, min(max(version, OLDEST), NEWEST), schema or Schema())
    _judge(effects)
    effects.fails = effects.fails or existence(reading, effects.schema) or refused(reading, effects.schema)
    return effects.facts()


def _judge(effects: Effects) -> None:
    reading = effects.reading
    judge_transaction(effects)
    judge = _FAMILIES.get(reading.kind)
    if judge is not None and not (reading.not_understood and not reading.objects):
        judge(effects)
    whole, schema = reading, effects.schema
    for inner in reading.inner:
        effects.reading = inner
        _judge(effects)
        effects.schema = apply(effects.schema, inner)
    effects.reading, effects.schema = whole, schema
    if reading.kind == "explain" and "analyze" not in reading.flags:
        effects.keep_locks_only()


_FAMILIES: dict[str, Callable[[Effects], None]] = {
    **dict.fromkeys(("alter table", "alter foreign table"), alter_table),
    **RELATIONS,
    **INDEXES,
    **TYPES,
    **DATA,
}
