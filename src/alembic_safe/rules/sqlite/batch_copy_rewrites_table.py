"""A batch that copies the whole table."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.copying import Copy, copied
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    copy = copied(place)
    if copy is None or not copy.filled:
        return
    needless = _in_place(copy)
    also = f"; ALTER TABLE can {needless} in place" if needless else ""
    sized = place.whole.live is not None and place.whole.live.table(copy.table) is not None
    yield Hit(
        f"every row of {copy.table} is copied, and who writes anywhere in the file waits, or fails with `database is "
        f"locked` after the timeout of its own connection{also}",
        _recipe(copy),
        (copy.table,),
        work=(copy.table,),
        severity=Severity.WARNING if sized or needless else Severity.NOTE,
    )


def _in_place(copy: Copy) -> str:
    """What alone the batch does, where SQLite's ALTER TABLE does it without a copy; else ""."""
    added, renamed, gone = list(copy.added()), list(copy.renamed()), list(copy.left_out())
    if gone or len(added) + len(renamed) != 1 or any(s.cast for s in copy.sources.values()):
        return ""
    same = all(
        (known := copy.known.columns.get(source.column)) is not None
        and known.not_null == copy.columns[name].not_null
        and (known.type.name if known.type else "") == (_type(copy, name))
        for name, source in copy.sources.items()
        if name in copy.columns
    )
    if not same or sum(c.kind in _KEPT for c in copy.constraints) != sum(
        c.kind in _KEPT for c in copy.known.constraints.values()
    ):
        return ""
    if renamed:
        return f"rename {renamed[0][0]}"
    column = added[0]
    plain = not column.not_null and column.default is None and not column.generated
    return f"add {column.name}" if plain and not column.constraints else ""


_KEPT = ("check", "unique", "foreign key")


def _type(copy: Copy, name: str) -> str:
    type_ = copy.columns[name].type
    return type_.name if type_ else ""


def _recipe(copy: Copy) -> str:
    table, added = copy.table.name, list(copy.added())
    if _in_place(copy) and added:
        return f"op.add_column({table!r}, sa.Column({added[0].name!r}, ...))\n"
    if _in_place(copy):
        old, new = next(copy.renamed())
        return f"op.execute({f'ALTER TABLE {table} RENAME COLUMN {old} TO {new}'!r})\n"
    return "# when nobody writes; or add a column beside it, and leave the table as it is\n"


RULE = Rule(
    id="batch-copy-rewrites-table",
    severity=Severity.WARNING,
    hazard="rewrite",
    summary="A batch copies a whole table while nobody can write to the file.",
    why=(
        "SQLite has one writer a file. Alembic's batch mode copies the rows to `_alembic_tmp_...` in one transaction, "
        "so that from the first row to the commit every other writer waits for as long as its busy timeout (5 s in "
        "Python) and then fails. The copy needs the table's room once more, and its indexes are built anew. It is a "
        "note where the size is not known or nothing else would do. ADD COLUMN with a literal default, RENAME COLUMN "
        "and DROP COLUMN of a column that nothing uses need no copy (`recreate='auto'`, the default, knows)."
    ),
    recipe="op.add_column('orders', sa.Column('channel', sa.Text))\n",
    look=_look,
    dialects=("sqlite",),
)
