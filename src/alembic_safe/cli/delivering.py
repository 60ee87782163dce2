"""A result or an error to where it belongs: data to standard output or a file, talk to standard error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

from alembic_safe.cli.terminal import wants_color, width_of
from alembic_safe.errors import UsageError
from alembic_safe.report.failures import render_failure
from alembic_safe.settings import OutputPolicy
from alembic_safe.settings.options import BY_NAME, options_of

if TYPE_CHECKING:
    from alembic_safe.model.results import Failure, Result
    from alembic_safe.settings import OutputFormat


def deliver(command: str, result: Result, output: OutputPolicy, told: tuple[str, ...]) -> None:
    """Write a result, then its error if it has one. `told` are notices a person has already read.

    A file that cannot be written is said, and the text goes to standard output: the run has been made.
    """
    stream = sys.stdout
    text = _text(command, result, output, told, stream)
    if output.file is not None:
        try:
            output.file.write_text(text, encoding="utf-8", errors="backslashreplace")
            text = ""
        except OSError as error:
            say(f"notice: {output.file} cannot be written ({error.strerror}); the result stands on stdout")
    write(stream, text)
    if result.error is not None:
        deliver_failure(result.error)


def deliver_failure(failure: Failure) -> None:
    """Write an error for people to standard error."""
    write(sys.stderr, render_failure(failure, wants_color(sys.stderr, os.environ)))


def deliver_usage_error(command: str, typed: Sequence[str], error: UsageError) -> int:
    """An error found before a command was reached, as a document where one was asked for. The status."""
    from alembic_safe.model.results import Failure
    from alembic_safe.report.empty import empty_result
    from alembic_safe.report.json.schemas import RESULTS

    failure = Failure.of(error)
    flags = [word.partition("=")[2] for word in typed if word.startswith("--format=")]
    flags += [value for flag, value in pairwise(typed) if flag == "--format"]
    form = _format(command, flags[-1] if flags else None)
    if command in RESULTS and form != "console":
        deliver(command, empty_result(command, error.exit_status, failure), OutputPolicy(form), ())
    else:
        deliver_failure(failure)
    return error.exit_status


def output_without_settings(command: str, flags: Mapping[str, Any], directory: Path) -> OutputPolicy:
    """How to speak when the settings themselves are wrong: as far as it was said and can be followed."""
    file = directory / str(flags["output"]) if flags.get("output") else None
    if file is not None and (file.is_dir() or not file.parent.is_dir()):
        file = None
    return OutputPolicy(_format(command, flags.get("format")), file)


def _format(command: str, flag: object) -> OutputFormat:
    """The form that was asked for, as far as the command has it."""
    wanted = flag or os.environ.get(BY_NAME["format"].variable)
    formats = next((o.choices for o in options_of(command) if o.name == "format"), ())
    return cast("OutputFormat", wanted) if wanted in formats else "console"


def say(text: str) -> None:
    """A line of talk."""
    write(sys.stderr, text + "\n")


def write(stream: TextIO, text: str) -> None:
    """Write all of it now. A reader that has gone away (`| head`) is no fault of the run."""
    try:
        stream.flush()
        if hasattr(stream, "buffer"):
            _write_all(stream.buffer, text.encode(stream.encoding or "utf-8", "backslashreplace"))
        else:
            stream.write(text)
        _flush(stream)
    except BrokenPipeError:
        # So that Python's own flush at exit does not fail on it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write_all(buffer: BinaryIO, data: bytes) -> None:
    """Under PYTHONUNBUFFERED the buffer is the file itself, which may take a part and say so; and a pipe
    that another process made non-blocking refuses for a moment. Neither may cut a document short."""
    rest = memoryview(data)
    while rest:
        try:
            taken = buffer.write(rest)
        except BlockingIOError as error:
            taken = error.characters_written
        if not taken:
            time.sleep(0.01)
        rest = rest[taken or 0 :]


def _flush(stream: TextIO) -> None:
    """All that is buffered still, however often a non-blocking pipe refuses it."""
    while True:
        try:
            stream.flush()
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return


def _text(command: str, result: Result, output: OutputPolicy, told: tuple[str, ...], stream: TextIO) -> str:
    if output.format == "json":
        from alembic_safe.report.json import render as render_json

        return render_json(command, result)
    if output.format != "console":
        form: Callable[[Result], str] = import_module(f"alembic_safe.report.{output.format}").render
        return form(result)
    from alembic_safe.report.console import View, render

    color = output.file is None and wants_color(stream, os.environ)
    view = View(
        width=width_of(stream, os.environ),
        color=color,
        verbose=output.verbose,
        base=Path.cwd(),
        now=datetime.now(timezone.utc),
    )
    return render(_without_told(result, told), view)


def _without_told(result: Any, told: tuple[str, ...]) -> Result:
    notices = getattr(result, "notices", ())
    if not set(told) & set(notices):
        return result  # type: ignore[no-any-return]
    return replace(result, notices=tuple(text for text in notices if text not in told))  # type: ignore[no-any-return]
