"""A batch whose copy refuses what the table took."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Constraint
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.copying import Copy, copied
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    copy = copied(place)
    for what, column in _tightened(copy) if copy is not None else ():
        assert copy is not None
        yield Hit(
            f"{what} is new to {copy.table}: copying fails at the first row that breaks it, and running code that "
            "writes such rows fails from then on",
            _recipe(copy.table.name),
            (copy.table, f"{copy.table}.{column}") if column else (copy.table,),
        )


def _tightened(copy: Copy) -> Iterator[tuple[str, str]]:
    for name, source in copy.sources.items():
        known, column = copy.known.columns.get(source.column), copy.columns.get(name)
        if known is not None and column is not None and column.not_null and not known.not_null:
            yield f"NOT NULL of {name}", name
    had = {_said(one) for one in copy.known.constraints.values()}
    renamed = {new: old for old, new in copy.renamed()}
    for constraint in copy.constraints:
        columns = tuple(renamed.get(c, c) for c in constraint.columns)
        over_new = set(columns) and not set(columns) & set(copy.known.columns)
        if constraint.kind in ("unique", "primary key", "foreign key") and not over_new:
            if (constraint.kind, columns, "") not in had:
                yield f"{constraint.kind.upper()} ({', '.join(constraint.columns)})", ""
        elif constraint.kind == "check" and _said(constraint) not in had and not renamed:
            yield f"CHECK ({constraint.expression.strip()})", ""


def _said(constraint: Constraint) -> tuple[str, tuple[str, ...], str]:
    if constraint.kind != "check":
        return constraint.kind, constraint.columns, ""
    return "check", (), re.sub(r"[\s()\"]", "", constraint.expression).lower()


def _recipe(table: str) -> str:
    return (
        "# first the code that writes no such rows, then the rows:\n"
        f"op.execute({f'UPDATE {table} SET ... WHERE ...'!r})\n"
        "# the next release:\n" + code.CONTRACT + f"with op.batch_alter_table({table!r}) as batch:\n    ...\n"
    )


RULE = Rule(
    id="batch-copy-tightens",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="A batch makes a table refuse what it took: NOT NULL, UNIQUE, CHECK or FOREIGN KEY.",
    why=(
        "The copy has the new condition from its first row on, so that INSERT ... SELECT fails where one row breaks "
        "it, and `_alembic_tmp_...` stays behind, since CREATE TABLE ran outside a transaction. When it passes, code "
        "of the previous release that leaves the column empty fails. It is a contract step."
    ),
    recipe=_recipe("customers"),
    look=_look,
    contract=True,
    dialects=("sqlite",),
)
