"""An error for people: the message, its detail indented, then the hint. Pure; needs no library."""

from __future__ import annotations

from alembic_safe.model.results import Failure
from alembic_safe.report.wording import clean, clean_lines

_RED, _BOLD, _PLAIN = "\x1b[31m", "\x1b[1m", "\x1b[0m"


def render_failure(failure: Failure, color: bool = False) -> str:
    """Lines that end with a line end:

    error: the message
      its detail, if any
    hint: what to do now
    """
    error, hint = (f"{_RED}error:{_PLAIN}", f"{_BOLD}hint:{_PLAIN}") if color else ("error:", "hint:")
    first, *more = clean_lines(failure.message)
    lines = [f"{error} {first}", *(f"  {line}" for line in more)]
    if failure.detail:
        lines += [f"  {line}".rstrip() for line in clean_lines(failure.detail)]
    if failure.hint:
        lines.append(f"{hint} {clean(failure.hint)}")
    return "\n".join(lines) + "\n"
