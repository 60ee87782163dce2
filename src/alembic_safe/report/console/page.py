"""The paper that console views are written on: width, colour, and rows that wrap under themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alembic_safe.quick import dataclass
from alembic_safe.report.wording import clean_lines

GOOD, DOUBTFUL, BAD, QUIET, STRONG = "green", "yellow", "red", "dim", "bold"
SQL_LINES = 12


@dataclass(frozen=True, slots=True)
class View:
    """How a result is looked at: width in columns, colour, how much of it, and what is near.

    Paths below `base` are shown relative to it. `now` is what ages are counted from.
    """

    width: int = 100
    color: bool = False
    verbose: bool = False
    base: Path | None = None
    now: datetime | None = None


def page(view: View, parts: Iterable[RenderableType]) -> str:
    """The parts under each other as text, without trailing blanks. Strings are never read as markup."""
    buffer = StringIO()
    console = Console(
        file=buffer,
        width=max(view.width, 20),
        force_terminal=view.color,
        color_system="standard" if view.color else None,
        no_color=not view.color,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    for part in parts:
        # what may not be broken (code to paste) may be wider than the page
        console.print(part, crop=False)
    return "\n".join(line.rstrip() for line in buffer.getvalue().rstrip("\n").split("\n")) + "\n"


def line(*words: str | tuple[str, str]) -> Text:
    """A line of words, each plain or (word, style); words must be clean already."""
    return Text.assemble(*words, overflow="fold")


def indented(part: RenderableType, by: int = 2) -> Padding:
    """A part moved to the right by `by` columns."""
    return Padding(part, (0, 0, 0, by))


def pairs(rows: Iterable[tuple[str, str | Text]], indent: int = 2) -> Padding:
    """Labels on the left, what they say on the right, wrapping under itself."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=QUIET, no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(label, value if isinstance(value, Text) else Text(value, overflow="fold"))
    return indented(grid, indent)


def columns(
    rows: Sequence[Sequence[str | Text]],
    header: Sequence[str] = (),
    right: Iterable[int] = (),
    last_folds: bool = True,
) -> Table:
    """Aligned columns; all but the last keep their width, the last wraps under itself."""
    number = max((len(row) for row in rows), default=len(header))
    grid = Table.grid(padding=(0, 2))
    for index in range(number):
        folds = last_folds and index == number - 1
        justify = "right" if index in set(right) else "left"
        grid.add_column(no_wrap=not folds, overflow="fold", justify=justify)  # type: ignore[arg-type]
    if header:
        grid.add_row(*(Text(word, style=QUIET) for word in header))
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(cell, overflow="fold") for cell in row))
    return grid


def sql_text(sql: str, verbose: bool) -> Text:
    """Someone's SQL as it was written, made harmless, cut to some lines unless verbose."""
    lines = clean_lines(sql)
    if not verbose and len(lines) > SQL_LINES:
        left = len(lines) - SQL_LINES + 1
        lines = [*lines[: SQL_LINES - 1], f"... {left} more lines (-v shows them)"]
    return Text("\n".join(lines), overflow="fold")
