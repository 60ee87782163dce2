"""Version rows without a file: what the journal kept of them, and where their way leads. Pure but for the reading.

The text in the database explains a revision; it is never executed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

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
    meets = _meets(row, texts, known)
    return LostRevision(
        revision=row,
        run=step.run if step is not None else None,
        checksum=step.checksum if step is not None else None,
        text=text,
        follows=down_revisions(text or ""),
        leads_here=bool(meets),
        meets=meets,
    )


def _meets(row: str, texts: Mapping[str, str], known: set[str]) -> tuple[str, ...]:
    """The revisions of this checkout that the ways down from `row` come to; none where one of them does not."""
    todo, seen, met = [row], set(), []
    while todo:
        one = todo.pop()
        if one in known:
            met.append(one)
        elif one not in seen:
            seen.add(one)
            below = down_revisions(texts.get(one, ""))
            if not below:
                return ()
            todo += below
    return tuple(dict.fromkeys(met))


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
        for name, given in _assigned(node):
            if name != "down_revision":
                continue
            try:
                value = ast.literal_eval(given)
            except (ValueError, TypeError):
                return ()
            return (value,) if isinstance(value, str) else tuple(map(str, value or ()))
    return ()


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """The names that a statement gives values: `a = 1`, `a: int = 1`, `a = b = 1`, `a, b = 1, 2`."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, node.value or ast.Constant(None)
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        if isinstance(target, ast.Name):
            yield target.id, node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            # Python takes what does not fit for a fault only when it runs
            for one, value in zip(target.elts, node.value.elts, strict=False):
                if isinstance(one, ast.Name):
                    yield one.id, value
