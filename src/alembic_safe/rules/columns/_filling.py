"""The recipe for a column whose rows are filled one by one: add, default, backfill in batches, tighten."""

from __future__ import annotations

from alembic_safe.model.facts import Column, Name
from alembic_safe.rules import code


def sa_type(column: Column | None) -> str:
    """The column's type as SQL text in a form that needs no import beyond SQLAlchemy's."""
    text = (
        (column.type.text or column.type.name) if column is not None and column.type is not None else "text"
    )
    plain = {"serial": "integer", "bigserial": "bigint", "smallserial": "smallint"}.get(text.lower(), text)
    return plain


def backfill(table: Name, assignment: str, missing: str) -> str:
    """A loop that commits each batch, in a revision of its own."""
    return "# alembic-safe: re-runnable\n" + code.alone(
        "while True:\n"
        "    done = op.get_bind().execute(sa.text(\n"
        f'        "UPDATE {code.ident(table)} SET {assignment} WHERE ctid = ANY(ARRAY("\n'
        f'        "SELECT ctid FROM {code.ident(table)} WHERE {missing} LIMIT 5000))"\n'
        "    ))\n"
        "    if not done.rowcount:\n"
        "        break\n"
    )


def step_by_step(table: Name, column: str, type_: str, default: str) -> str:
    """A new column with a default that is computed for each row."""
    target, name = code.ident(table), code.ident(column)
    return (
        "# revision 1\n"
        + code.execute(f"ALTER TABLE {target} ADD COLUMN {name} {type_}")
        + code.execute(f"ALTER TABLE {target} ALTER COLUMN {name} SET DEFAULT {default}")
        + "# revision 2\n"
        + backfill(table, f"{name} = {default}", f"{name} IS NULL")
    )
