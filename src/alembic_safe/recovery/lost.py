"""Version rows without a file: what the journal kept of them, and where their way leads. Pure but for the reading.

The text in the database explains a revision; it is never executed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from alembic_safe.bridge.messages import GraphRead
from alembic_safe.journal import JournalReader
from alembic_safe.model.recovery import LostRevision
from alembic_safe.model.runs import StepRecord

_RUNS = 200


def lost_revisions(
    journal: JournalReader | None, target: str, rows: Iterable[str], graph: GraphRead
) -> tuple[LostRevision, ...]:
    """What is known of each of `rows`, which `graph` does not have."""
    wanted = tuple(rows)
    if not wanted:
        return ()
    steps = _steps(journal, target) if journal is not None else {}
    texts = {
        revision: journal.revision_text(step.checksum) or ""
        for revision, step in steps.items()
        if journal is not None and revision not in {one.id for one in graph.revisions}
    }
    known = {revision.id for revision in graph.revisions}
    return tuple(_lost(row, steps.get(row), texts, known) for row in wanted)


def _steps(journal: JournalReader, target: str) -> dict[str, StepRecord]:
    """The newest step that brought each revision to the target."""
    found: dict[str, StepRecord] = {}
    for history in journal.runs_of(target, _RUNS):
        for step in reversed(history.steps):
            if step.direction == "upgrade" and step.outcome in ("committed", "unfinished"):
                found.setdefault(step.revision, step)
    return found


def _lost(row: str, step: StepRecord | None, texts: Mapping[str, str], known: set[str]) -> LostRevision:
    text = texts.get(row) or None
    return LostRevision(
        revision=row,
        run=step.run if step is not None else None,
        checksum=step.checksum if step is not None else None,
        text=text,
        follows=down_revisions(text or ""),
        leads_here=_leads_to(row, texts, known),
    )


def _leads_to(row: str, texts: Mapping[str, str], known: set[str]) -> bool:
    """Whether every way down from `row`, by the texts that were kept, comes to a revision of this checkout."""
    todo, seen, came = [row], set(), False
    while todo:
        one = todo.pop()
        if one in known:
            came = True
        elif one not in seen:
            seen.add(one)
            below = down_revisions(texts.get(one, ""))
            if not below:
                return False
            todo += below
    return came


def down_revisions(text: str) -> tuple[str, ...]:
    """What a revision's source says it follows from; nothing where it is no Python or says it by computing.

    >>> down_revisions("down_revision: str = 'a1'")
    ('a1',)
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(one, ast.Name) and one.id == "down_revision" for one in targets):
            try:
                value = ast.literal_eval(getattr(node, "value", None) or ast.Constant(None))
            except (ValueError, TypeError):
                return ()
            return (value,) if isinstance(value, str) else tuple(map(str, value or ()))
    return ()
