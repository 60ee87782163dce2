"""What every view says of a target, in the same words."""

from __future__ import annotations

from pathlib import PurePath

from rich.text import Text

from alembic_safe.model.results import TargetSummary
from alembic_safe.model.revisions import Source
from alembic_safe.report.console.page import QUIET, STRONG, line
from alembic_safe.report.wording import clean

_DIALECTS = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


def server(target: TargetSummary) -> str:
    """`PostgreSQL 18.1 at localhost:5432/app`; without the address where that is the label already."""
    name = f"{_DIALECTS.get(target.dialect, clean(target.dialect))} {clean(target.server_version)}".strip()
    return f"{name} at {clean(target.address)}" if target.address not in ("", target.label) else name


def target_line(target: TargetSummary) -> Text:
    """The line that a target's paragraph begins with."""
    return line((clean(target.label), STRONG), (f"  {server(target)}", QUIET))


def place(source: Source | None, revision_file: str) -> str:
    """`line 12`; with the file's name where that is not the revision's own; empty where it is not known."""
    if source is None:
        return ""
    if source.file == revision_file:
        return f"line {source.line}"
    return f"{clean(PurePath(source.file).name)}:{source.line}"
