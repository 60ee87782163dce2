"""`backup prune` for people: what goes, what stays, and why."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from alembic_safe.model.results import PrunedBackup, PruneResult
from alembic_safe.report.console.page import DOUBTFUL, GOOD, STRONG, View, columns, line
from alembic_safe.report.wording import clean, count, size


def pruned(result: PruneResult, view: View) -> Iterator[RenderableType]:
    """A backup a line, newest first, and what it came to."""
    rows = [_row(backup, result.dry_run) for backup in result.backups]
    if rows:
        yield columns(rows, right=[2])
    going = [backup for backup in result.backups if not backup.keep]
    freed = size(sum(backup.size for backup in going))
    if result.error is None:
        verb = "would be removed" if result.dry_run else "removed"
        stay = count(len(result.backups) - len(going), "backup")
        yield line(
            f"{count(len(going), 'backup')} {verb}, {freed}; {stay} {'would stay' if result.dry_run else 'kept'}"
        )
    if view.verbose:
        for name in result.left_alone:
            yield f"left alone: {clean(name)}"


def _row(backup: PrunedBackup, dry_run: bool) -> tuple[str | Text, ...]:
    word = (
        "kept"
        if backup.keep
        else "to be removed"
        if dry_run
        else "removed"
        if backup.removed
        else "not removed"
    )
    style = GOOD if backup.keep else DOUBTFUL
    return Text(clean(backup.id), style=STRONG), Text(word, style=style), size(backup.size), clean(backup.why)
