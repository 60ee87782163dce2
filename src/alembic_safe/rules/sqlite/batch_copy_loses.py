"""A batch that leaves behind what reflection does not see."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Constraint, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules.copying import Copy, copied
from alembic_safe.rules.looking import BATCH_COPY, on_table
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    copy = copied(place)
    if copy is None:
        return
    lost = (*_triggers(place, copy), *_indexes(place, copy), *_checks(place, copy), *_collations(copy))
    if lost:
        yield Hit(
            f"the copy that takes the place of {copy.table} comes without {', '.join(lost)}",
            _recipe(copy.table.name),
            (copy.table,),
        )


def _triggers(place: Place, copy: Copy) -> Iterator[str]:
    for trigger in place.before.triggers_of(copy.table.name):
        if not _made_later(place, "trigger", trigger.name):
            yield f"the trigger {trigger.name}"


def _indexes(place: Place, copy: Copy) -> Iterator[str]:
    """Indexes that nothing makes again, but for those that the revision names itself, or whose column goes."""
    gone = frozenset(copy.left_out()) | {old for old, _ in copy.renamed()}
    for index in place.before.indexes_of(copy.table):
        used = frozenset(index.columns) | index.depends
        if index.constraint or used & gone or _names(place, index.name.name):
            continue
        if not index.name.name.startswith("sqlite_") and not _made_later(place, "index", index.name):
            yield f"the index {index.name}"


def _checks(place: Place, copy: Copy) -> Iterator[str]:
    """CHECKs that the copy does not have. One that the revision names is meant to go."""
    gone = frozenset(copy.left_out()) | {old for old, _ in copy.renamed()}
    kept = {_squeezed(c) for c in copy.constraints if c.kind == "check"}
    for name, constraint in copy.known.constraints.items():
        if constraint.kind != "check" or _squeezed(constraint) in kept or _names(place, name):
            continue
        if not set(re.findall(r"\w+", constraint.expression.lower())) & gone:
            yield f"CHECK ({constraint.expression.strip()})"


def _collations(copy: Copy) -> Iterator[str]:
    for name, column in copy.columns.items():
        known = copy.known.columns.get(name)
        collation = getattr(known, "collation", None) or ""
        if collation and collation.lower() != "binary" and not column.collation:
            yield f"COLLATE {collation} of {name}"


def _names(place: Place, name: str) -> bool:
    """Whether the revision itself says this name, as one does that drops it, or gives it to the batch."""
    return re.search(rf"\b{re.escape(name)}\b", place.revision.text) is not None


def _squeezed(constraint: Constraint) -> str:
    return re.sub(r"[\s()\"]", "", constraint.expression).lower()


def _made_later(place: Place, kind: str, name: Name) -> bool:
    return any(
        later.reading.kind == f"create {kind}"
        and later.reading.target is not None
        and plain(later.reading.target.name) == plain(name)
        and not (on_table(later.reading) or Name("")).name.startswith(BATCH_COPY)
        for later in place.after_in_revision()
    )


def _recipe(table: str) -> str:
    return (
        f"with op.batch_alter_table({table!r}, table_args=(sa.CheckConstraint(...),)) as batch:\n    ...\n"
        "op.execute('CREATE TRIGGER ...')\nop.execute('CREATE INDEX ...')\n"
    )


RULE = Rule(
    id="batch-copy-loses",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="A batch puts a copy in the table's place that lacks triggers, checks, indexes or collations.",
    why=(
        "Alembic's batch mode knows the table by reflection. Triggers go with the dropped table; CHECK constraints "
        "without a name, indexes over expressions and the COLLATE of a column are not reflected. Nothing fails: wrong "
        "rows are let in, and lookups by the missing index read the whole table. Give what is missing in `table_args` "
        "or `reflect_args`, or make it again in the same revision."
    ),
    recipe=_recipe("orders"),
    look=_look,
    dialects=("sqlite",),
)
