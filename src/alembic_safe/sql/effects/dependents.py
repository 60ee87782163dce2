"""What depends on functions and schemas, so that the server refuses to drop them without CASCADE (2BP01)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Name
from alembic_safe.sql.effects.context import Effects
from alembic_safe.sql.schema.model import key


def keep_routine(effects: Effects) -> None:
    """DROP FUNCTION: without CASCADE refused as long as a trigger, a default or a view calls it (2BP01)."""
    for named in effects.reading.objects:
        if named.role == "dropped" and len(effects.schema.routines_of(named.name)) == 1:
            users = list(_callers(effects, named.name))
            if users:
                effects.fails = f"{', '.join(users)} needs {named.name} (2BP01)"


def _callers(effects: Effects, name: Name) -> Iterator[str]:
    called = re.compile(rf"(?<![\w.]){re.escape(name.name)} \(")
    for table in effects.schema.tables.values():
        yield from (
            f"the trigger {t} of {table.name}" for t, f in table.triggers.items() if key(f) == key(name)
        )
        for column in table.columns.values():
            if column.default is not None and str(name) in column.default.functions:
                yield f"the default of {table.name}.{column.name}"
        if any(called.search(value) for _, value in table.shape):
            yield f"the view {table.name}"


def keep_schema(effects: Effects) -> None:
    """DROP SCHEMA: without CASCADE refused as long as something is in it (2BP01)."""
    for named in effects.reading.objects:
        inside = [str(t) for t in effects.schema.tables if t.schema == named.name.name]
        if inside and named.role == "dropped":
            effects.fails = f"{', '.join(inside)} is in it (2BP01)"
