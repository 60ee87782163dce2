"""The lines at the bottom of a terminal that say what is going on, by rich."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from alembic_safe.model.events import StepBegan
from alembic_safe.model.revisions import Statement
from alembic_safe.report.console.page import QUIET
from alembic_safe.report.console.sayings import ongoing, statement_phrase
from alembic_safe.report.wording import duration, elapsed


class Moment:
    """What is going on now, and since when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.what = ""
        self.step: StepBegan | None = None
        self.statement: Statement | None = None
        self._since = self._statement_since = clock()

    def go_on(self, what: str, anew: bool) -> None:
        if anew or not self.what:
            self._since = self.clock()
        self.what = what

    def begin_step(self, step: StepBegan) -> None:
        self.step, self.statement = step, None
        self.go_on(ongoing(step) or "", anew=True)

    def statement_began(self, statement: Statement) -> None:
        self.statement, self._statement_since = statement, self.clock()

    def end(self) -> None:
        self.what, self.step, self.statement = "", None, None

    def timing(self) -> str:
        """`12.0 s`, or `12.0 s of about 35.0 s` where history knows."""
        so_far = elapsed(self.clock() - self._since)
        if self.step is None or self.step.expected is None:
            return so_far
        return f"{so_far} of about {duration(self.step.expected)}"

    def statement_timing(self) -> str:
        return elapsed(self.clock() - self._statement_since)

    def phrase(self, width: int) -> str:
        """All of it on one line."""
        statement = f"; {statement_phrase(self.statement, width)}" if self.statement else ""
        return f"{self.what} ({self.timing()}){statement}"


class LiveLines:
    """Lines that pass at the bottom, and lines that stay above them."""

    def __init__(self, stream: TextIO, now: Moment, color: bool, width: int | None) -> None:
        self._now = now
        self._console = Console(
            file=stream,
            force_terminal=True,
            color_system="standard" if color else None,
            no_color=not color,
            width=width,
            markup=False,
            highlight=False,
            emoji=False,
            soft_wrap=True,
        )
        unicode = (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"
        self._spinner = Spinner("dots" if unicode else "line")
        self._live: Live | None = None

    def show(self, line: str | None) -> None:
        """Print a line that stays, if any; what is going on is shown below while there is something."""
        if line is not None:
            self._console.print(Text(line))
        if self._now.what and self._live is None:
            self._live = Live(
                get_renderable=self._lines,
                console=self._console,
                refresh_per_second=8,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _lines(self) -> RenderableType:
        now, width = self._now, self._console.width
        if not now.what:
            return Text("")
        timing = f"  {now.timing()}"
        head = Text(_cut(now.what, width - 3 - len(timing)) + timing, no_wrap=True, overflow="crop")
        self._spinner.update(text=head)
        statement = now.statement
        if statement is None:
            return self._spinner
        took = now.statement_timing()
        below = statement_phrase(statement, width - 6 - len(took))
        return Group(self._spinner, Text(f"    {below}  {took}", style=QUIET, no_wrap=True, overflow="crop"))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 3, 0)] + "..."
