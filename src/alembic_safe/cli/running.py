"""One command run: settings, progress, the work, and its result delivered. Loaded when a command runs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from alembic_safe.cli.command import Command
from alembic_safe.cli.delivering import deliver, output_without_settings, say
from alembic_safe.cli.failing import explain
from alembic_safe.cli.terminal import is_terminal, wants_color
from alembic_safe.model.events import Event, EventSink, PhaseBegan, StepBegan
from alembic_safe.report.empty import empty_result
from alembic_safe.report.wording import clean
from alembic_safe.settings import OutputPolicy, Settings, load_settings

if TYPE_CHECKING:
    from alembic_safe.model.results import Result
    from alembic_safe.report.console.progress import ConsoleProgress


# phases in which something of the user's is changed, be it a database or the backups
_CHANGING = frozenset({"apply", "prune", "restore", "stamp", "swap"})


class _Watch:
    """Passes events on, and remembers whether a revision has begun, and what else that changes anything."""

    def __init__(self) -> None:
        self.applying = False
        self.changing = ""
        self.told: tuple[str, ...] = ()
        self.sink: EventSink | None = None

    def __call__(self, event: Event) -> None:
        self.applying = self.applying or isinstance(event, StepBegan)
        if isinstance(event, PhaseBegan) and event.phase in _CHANGING:
            self.changing = event.what
        if self.sink is not None:
            self.sink(event)


def run_command(command: Command, flags: Mapping[str, Any], arguments: Mapping[str, Any]) -> int:
    """Run a command and deliver what became of it. Returns the exit status; raises nothing."""
    directory = Path.cwd()
    watch, output = _Watch(), output_without_settings(command.name, flags, directory)
    try:
        with _ended_by_signals():
            settings = load_settings(command.name, flags, os.environ, directory)
            output = settings.output
            result = _worked(command, settings, arguments, watch)
    except BaseException as error:
        failure, status, trace = explain(error, watch.applying, os.environ, watch.changing)
        if trace:
            say(trace.rstrip())
        result = empty_result(command.name, status, failure)
    return _delivered(command.name, result, output, watch)


def _worked(command: Command, settings: Settings, arguments: Mapping[str, Any], watch: _Watch) -> Result:
    if settings.output.verbose:
        for value in settings.effective():
            say(f"{value.name} = {clean(value.value) or 'not set'} ({clean(value.origin)})")
    with _progress(settings.output) as progress:
        watch.sink = progress
        try:
            return command.work(settings, arguments, watch)
        finally:
            watch.told = tuple(progress.notices)


def _progress(output: OutputPolicy) -> ConsoleProgress:
    from alembic_safe.report.console.progress import ConsoleProgress

    # With a document on stdout the progress is for a log, even where stderr is a terminal.
    terminal = output.format == "console" and is_terminal(sys.stderr, os.environ)
    color = wants_color(sys.stderr, os.environ)
    return ConsoleProgress(
        sys.stderr, terminal=terminal, color=color, quiet=output.quiet, verbose=output.verbose
    )


def _delivered(command: str, result: Result, output: OutputPolicy, watch: _Watch) -> int:
    try:
        deliver(command, result, output, watch.told)
    except BaseException as error:
        failure, status, trace = explain(error, False, os.environ)
        say(trace or f"error: the result cannot be shown: {clean(failure.message)}\nhint: {failure.hint}")
        say(f"notice: `{command}` itself ended with exit status {result.exit}")
        return result.exit or status
    return result.exit


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP as SIGINT, so that what was begun is ended in order; an ignored one stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in names}
    taken = [number for number, handler in before.items() if handler is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])
