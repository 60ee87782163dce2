"""The result of `backup restore` for people: where the backup is now, what is kept, what did not follow."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from alembic_safe.model.results import RestoreResult
from alembic_safe.report.console.page import GOOD, STRONG, View, line, pairs
from alembic_safe.report.wording import clean, count, duration, heads


def restored(result: RestoreResult, view: View) -> Iterator[RenderableType]:
    """A paragraph of facts, and the commands to copy back where there are any."""
    if not result.database:
        return
    yield line((clean(result.database), STRONG), ": ", ("restored", GOOD), f" from {clean(result.backup)}")
    yield pairs(_facts(result, view))
    for command in result.copy_back:
        yield clean(command)


def _facts(result: RestoreResult, view: View) -> Iterator[tuple[str, str]]:
    yield "revision", heads(result.heads)
    yield "holds", f"{count(result.tables, 'table')}, {count(result.rows, 'row')}, compared"
    if result.kept:
        yield "kept", f"{clean(result.kept)}, as it was before"
    else:
        yield "target", f"{clean(result.target)}, not touched"
    parts = ", ".join(f"{clean(part)} {duration(took)}" for part, took in result.durations.items())
    if parts:
        yield "took", f"{duration(sum(result.durations.values()))}: {parts}"
    for sentence in result.since:
        yield "since", clean(sentence)
    for one in result.stays:
        yield "stayed", clean(one)
    if result.notes:
        shown = result.notes if view.verbose else result.notes[:3]
        more = f" and {len(result.notes) - len(shown)} more" if len(shown) < len(result.notes) else ""
        yield "reads otherwise", ", ".join(map(clean, shown)) + more
    if result.copy_back:
        yield "copy back", "each line copies one table into a table restored_... beside the live one:"
    if result.run:
        yield "run", clean(result.run)
