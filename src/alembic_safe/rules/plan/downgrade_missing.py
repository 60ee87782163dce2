"""A revision that has no way back, and does not say so."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from alembic_safe.model.facts import Reading
from alembic_safe.model.findings import JudgedRevision, Severity
from alembic_safe.rules.place import Spot, Whole
from alembic_safe.rules.rule import BOTH, Hit, Rule

_HARMLESS = {"set", "reset", "show", "select", "vacuum", "analyze", "comment", "reindex"}


def _look_at_plan(whole: Whole) -> Iterator[Hit]:
    for revision in whole.plan.revisions:
        if revision.direction != "upgrade" or not _does_something(revision):
            continue
        if not revision.revision.has_downgrade or _is_empty(revision.text):
            lost = [what for command in revision.commands for what in command.facts.lossy]
            more = f"; {lost[0]} would not come back either" if lost else ""
            yield Hit(
                f"a downgrade would leave what it made and only move the version row{more}",
                "def downgrade() -> None:\n    raise NotImplementedError('restore the backup of the run instead')\n",
                at=Spot(revision),
            )


def _does_something(revision: JudgedRevision) -> bool:
    return any(not _harmless(command.facts.reading) for command in revision.commands)


def _harmless(reading: Reading) -> bool:
    """Whether nothing is there to take back."""
    validates = [action.kind == "validate constraint" for action in reading.actions]
    return reading.kind in _HARMLESS or (bool(validates) and all(validates))


def _is_empty(source: str) -> bool:
    """Whether downgrade() stands there and does nothing, without a word."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == "downgrade":
            return all(_is_nothing(statement) for statement in node.body)
    return False


def _is_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return):
        return statement.value is None
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


RULE = Rule(
    id="downgrade-missing",
    severity=Severity.NOTE,
    hazard="irreversible",
    summary="downgrade() is missing or empty, although upgrade() changes something.",
    why=(
        "alembic runs the empty function and moves the version row down: the database then is at a revision that its "
        "schema is not. A downgrade that cannot be written is to raise."
    ),
    recipe="def downgrade() -> None:\n    raise NotImplementedError('restore the backup of the run instead')\n",
    covers=("downgrade-missing-or-lossy", "data-migration-not-reversible"),
    look_at_plan=_look_at_plan,
    dialects=BOTH,
)
