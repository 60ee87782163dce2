"""USING INDEX renames the index."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import added_constraints
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for table, constraint, _ in added_constraints(place, "unique", "primary key"):
        index, name = constraint.using_index, constraint.name
        if index is None:
            continue
        live = place.whole.live
        invalid = live is not None and any(n.name == index for n in live.invalid_indexes)
        if invalid:
            yield Hit(
                f"fails: {index} is invalid", objects=(table, index), severity=Severity.ERROR, fails=True
            )
        elif name is not None and name != index:
            yield Hit(
                f"the index {index} is renamed to {name}; a later statement that names {index} fails",
                code.execute(
                    f"ALTER TABLE {code.ident(table)} ADD CONSTRAINT {code.ident(index)} "
                    f"{constraint.kind.upper()} USING INDEX {code.ident(index)}"
                ),
                (table, Name(index), name),
            )


RULE = Rule(
    id="constraint-takes-index-name",
    severity=Severity.NOTE,
    hazard="hygiene",
    summary="ADD CONSTRAINT ... USING INDEX with another name than the index, or with an invalid index.",
    why="The index gets the constraint's name (a NOTICE says so): a downgrade or model that names it fails.",
    recipe="op.execute('ALTER TABLE users ADD CONSTRAINT uq_users_email UNIQUE USING INDEX uq_users_email')\n",
    covers=("constraint-using-index-renames-it",),
    look=_look,
)
