"""Tables that the journalled history made and took away again nowhere: they should be there. Pure.

Nothing is claimed by it: a statement that was not journalled may have dropped one. It says what to compare.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from alembic_safe.model.facts import Name, Reading
from alembic_safe.model.revisions import Direction
from alembic_safe.model.targets import Dialect
from alembic_safe.recovery.half import read_statement

Defined = tuple[str, Direction, str]
# what may make a table, take it away or give it another name; the rest is not read, which takes a millisecond each
_TELLING = re.compile(r"\b(?:create\s[^;]*?\btable|drop|rename\s+to|set\s+schema|do)\b", re.IGNORECASE)
# of a plain CREATE TABLE the name is all that is asked for, and its body most of what there is to read
_PLAIN = re.compile(
    r"""\s*create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?(?:[\w$]+|"[^"]+")(?:\.(?:[\w$]+|"[^"]+"))?\s*(?=\()""",
    re.IGNORECASE,
)
# words of what may take tables away without naming them
_SWEEPING = ("drop schema", "drop owned", "do")


def tables_made(statements: Iterable[Defined], reached: Collection[str], dialect: Dialect) -> dict[Name, str]:
    """Each table that should stand, with the revision that made it or gave it its name; oldest first.

    `statements` are those of committed steps in their order: revision, direction, SQL. Upgrades that are not among the
    `reached` were taken back. Partitions and temporary tables come and go, and are left out. Empty where a statement
    cannot be read that may drop anything.
    """
    made: dict[Name, str] = {}
    for revision, direction, sql in statements:
        if (direction == "upgrade" and revision not in reached) or not _TELLING.search(sql):
            continue
        for one in read_statement(_shortened(sql), dialect).commands:
            if not one.understood or one.kind in _SWEEPING:
                return {}
            _follow(made, one, revision)
    return made


def _shortened(sql: str) -> str:
    """Without the body of a CREATE TABLE that stands alone."""
    plain = _PLAIN.match(sql) if ";" not in sql else None
    return f"{plain[0]}(id int)" if plain else sql


def _follow(made: dict[Name, str], one: Reading, revision: str) -> None:
    """What one command makes of it."""
    tables = [ref for ref in one.objects if ref.kind == "table"]
    actions = {action.kind: action for action in one.actions}
    for ref in tables:
        if ref.role == "created" and not ("temporary" in one.flags or "partition of" in actions):
            made[ref.name] = revision
        elif ref.role == "dropped":
            _forget(made, ref.name)
        elif ref.role == "altered" and {"rename", "set schema"} & set(actions):
            known = _forget(made, ref.name)
            renamed = actions.get("rename")
            if known and renamed is not None and renamed.new_name and "set schema" not in actions:
                made[Name(renamed.new_name, ref.name.schema)] = revision


def _forget(made: dict[Name, str], name: Name) -> bool:
    """Take it out, also where it was named with a schema in one place and without in the other."""
    alike = [
        one
        for one in made
        if one.name == name.name and (one.schema or name.schema) == (name.schema or one.schema)
    ]
    for one in alike:
        del made[one]
    return bool(alike)
