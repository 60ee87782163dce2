"""What the process speaks to: terminals or not, how wide, with colour or not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO

NO_TERMINAL_WIDTH = 100


def is_terminal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether lines on the stream may be written over."""
    try:
        return stream.isatty() and environ.get("TERM", "") != "dumb"
    except ValueError:  # closed
        return False


def wants_color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """A terminal has colours unless NO_COLOR is set; FORCE_COLOR is for pipelines that show them."""
    if environ.get("NO_COLOR"):
        return False
    return bool(environ.get("FORCE_COLOR")) or is_terminal(stream, environ)


def width_of(stream: TextIO, environ: Mapping[str, str]) -> int:
    """The terminal's columns; elsewhere COLUMNS, or a width that logs have room for."""
    if environ.get("COLUMNS", "").isdecimal() and int(environ["COLUMNS"]):
        return int(environ["COLUMNS"])
    try:
        return os.get_terminal_size(stream.fileno()).columns or NO_TERMINAL_WIDTH
    except (OSError, ValueError):
        return NO_TERMINAL_WIDTH
