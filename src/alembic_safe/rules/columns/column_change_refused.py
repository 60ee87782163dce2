"""A change of a column that something else is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "alter column type", "drop column"):
        if action.kind == "drop column" and "cascade" in place.reading.flags | action.flags:
            continue
        column = action.name or ""
        others = place.before.users_of(table, column)
        if others:
            yield Hit(
                f"fails: {', '.join(others)} uses {column}",
                _recipe(others, place.reading.text),
                (table, f"{table}.{column}"),
                fails=True,
            )
        users = tuple(_generated(place, table, column))
        if users:
            yield Hit(
                f"fails: the generated column {', '.join(users)} is computed from {action.name}",
                f"op.drop_column({table.name!r}, {users[0]!r}{code.schema_of(table)})\n"
                + code.execute(place.reading.text)
                + "# and add the generated column again\n",
                (table, f"{table}.{action.name}"),
                fails=True,
            )


def _recipe(users: tuple[str, ...], statement: str) -> str:
    drops = "".join(
        f"op.execute('DROP {user.removeprefix('the ').upper().split()[0]} ...')\n" for user in users
    )
    return f"# in one transaction\n{drops}{code.execute(statement)}# and make what was dropped again\n"


def _generated(place: Place, table: Name, column: str) -> Iterator[str]:
    known = place.table(table)
    for name, state in known.columns.items() if known is not None else ():
        computed = state.default.text if state.generated in ("stored", "virtual") and state.default else ""
        if re.search(rf"(?<!\w){re.escape(column)}(?![\w(])", computed):
            yield name


RULE = Rule(
    id="column-change-refused",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="The type of a column changes, or it goes, while a view, policy, trigger or generated column uses it.",
    why=(
        "The server refuses it (0A000, 2BP01, for a partition key 42P16): the revision fails at this statement. Drop "
        "what uses the column first, and make it again in the same transaction. Measured on 15 to 18."
    ),
    recipe=(
        "op.drop_column('orders', 'total')\n"
        "op.alter_column('orders', 'net', type_=sa.Numeric(14, 2))\n"
        "op.add_column('orders', sa.Column('total', sa.Numeric(14, 2), sa.Computed('net * 1.2')))\n"
    ),
    covers=("column-type-blocked-by-dependents",),
    look=_look,
)
