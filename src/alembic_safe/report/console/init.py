"""`init` for people: what was written, what was left alone, and snippets that can be copied as they are."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from alembic_safe.model.results import InitResult
from alembic_safe.report.console.page import GOOD, STRONG, View, line
from alembic_safe.report.wording import clean, clean_lines, near


def initialised(result: InitResult, view: View) -> Iterator[RenderableType]:
    """What was written, and what to paste where."""
    for path in result.written:
        yield line(("written", GOOD), f"  {near(path, view.base)}")
    for path in result.left:
        yield line(f"left alone  {clean(path)}")
    for title, snippet in result.snippets.items():
        yield ""
        yield line((clean(title), STRONG))
        # Not wrapped, whatever the width: a snippet that was broken into lines is no longer that snippet.
        yield Text("\n".join(clean_lines(snippet)), no_wrap=True, overflow="ignore")
