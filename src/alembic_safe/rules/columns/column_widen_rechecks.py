"""A free type change that checks or indexes all rows again."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions, rewrites, scans
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    if rewrites(place):
        return
    for _, table, action in actions(place, "alter column type"):
        found = [s for s in scans(place, "check", "index build") if s.certain or s.kind == "check"]
        if not found:
            continue
        why = "; ".join(dict.fromkeys(s.why for s in found))
        yield Hit(
            f"needs no rewrite, but {why}, while every read and write waits",
            "# drop what depends on the column and make it again without holding anybody up\n"
            + code.execute(place.reading.text)
            + "# a CHECK: NOT VALID here, VALIDATE in the next revision; an index: CONCURRENTLY, alone\n",
            (table, f"{table}.{action.name}"),
            work=tuple(dict.fromkeys(s.object.name for s in found)),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


RULE = Rule(
    id="column-widen-rechecks",
    severity=Severity.ERROR,
    hazard="scan",
    summary="A type or collation change that is free in itself, on a column that a CHECK or index depends on.",
    why=(
        "A longer varchar needs no rewrite, but each CHECK that mentions the column is verified again, and each "
        "partial or expression index on it (with another collation any index) is built again, all under ACCESS "
        "EXCLUSIVE. Measured on 15 to 18."
    ),
    recipe=(
        "op.drop_constraint('ck_name', 'users')\n"
        "op.alter_column('users', 'name', type_=sa.String(200))\n"
        "op.create_check_constraint('ck_name', 'users', \"name <> ''\", postgresql_not_valid=True)\n"
        "# next revision\n"
        "op.execute('ALTER TABLE users VALIDATE CONSTRAINT ck_name')\n"
    ),
    covers=("column-widen-hidden-recheck", "column-collation-change"),
    look=_look,
)
