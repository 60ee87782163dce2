"""A downgrade that drops what the upgrade moved values into, without moving them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alembic_safe.model.facts import Name, Reading
from alembic_safe.model.findings import JudgedStatement, Severity
from alembic_safe.rules.place import Spot, Whole, plain
from alembic_safe.rules.rule import BOTH, Hit, Rule

What = tuple[Name, str]
"""A table, or with a name one column of it."""


def _look_at_plan(whole: Whole) -> Iterator[Hit]:
    for revision in whole.plan.revisions:
        if revision.direction != "upgrade" or revision.reverse is None:
            continue
        forward, back = _readings(revision.statements), _readings(revision.reverse)
        if not any(True for _ in _dropped(forward)):
            continue  # what the values came from is still there
        written_back = {plain(o.name) for r in back for o in r.objects if o.role in ("written", "read")}
        gone = set(_dropped(back))
        lost = [
            what for what in dict.fromkeys(_filled(forward)) if what in gone and what[0] not in written_back
        ]
        if lost:
            yield Hit(
                f"a downgrade drops {', '.join(map(_shown, lost))} with the values that upgrade() moved there: where "
                "they came from is gone, and nothing moves them back",
                "def downgrade() -> None:\n"
                "    # make the old place again, write the values back to it, and only then drop the new one\n"
                "    ...\n",
                tuple(dict.fromkeys(table for table, _ in lost)),
                at=Spot(revision),
            )


def _readings(statements: Iterable[JudgedStatement]) -> list[Reading]:
    return [command.facts.reading for statement in statements for command in statement.commands]


def _filled(readings: list[Reading]) -> Iterator[What]:
    """New tables that get rows of others, and new columns that get values."""
    made: set[What] = set()
    for reading in readings:
        target = reading.target
        if target is None:
            continue
        table = plain(target.name)
        if reading.kind == "create table":
            made.add((table, ""))
        made |= {(table, a.column.name) for a in reading.actions if a.kind == "add column" and a.column}
        if reading.kind == "create table as" or ("insert select" in reading.flags and (table, "") in made):
            yield table, ""
        elif reading.kind in ("update", "merge"):
            yield from sorted((what for what in made if what[0] == table and what[1]), key=str)


def _dropped(readings: list[Reading]) -> Iterator[What]:
    for reading in readings:
        for gone in reading.objects:
            if gone.role == "dropped" and gone.kind == "table":
                yield plain(gone.name), ""
        for action in reading.actions:
            if action.kind == "drop column" and reading.target is not None:
                yield plain(reading.target.name), action.name or ""


def _shown(what: What) -> str:
    table, column = what
    return f"{table}.{column}" if column else str(table)


RULE = Rule(
    id="downgrade-loses-data",
    severity=Severity.WARNING,
    hazard="data loss",
    summary="downgrade() drops what upgrade() moved values into, and nothing moves them back.",
    why=(
        "The upgrade is no loss: the values are in their new place. Going back drops that place, while the old one is "
        "made again empty. What comes back then comes from a backup."
    ),
    recipe=(
        "def downgrade() -> None:\n"
        "    op.add_column('customers', sa.Column('name', sa.Text))\n"
        '    op.execute("UPDATE customers SET name = full_name WHERE id BETWEEN 1 AND 5000")  # and so on\n'
        "    op.drop_column('customers', 'full_name')\n"
    ),
    covers=("downgrade-missing-or-lossy", "data-migration-not-reversible"),
    look_at_plan=_look_at_plan,
    dialects=BOTH,
)
