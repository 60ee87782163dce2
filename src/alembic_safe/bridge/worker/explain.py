"""Exceptions as messages: one clear line, the useful detail, never bound values."""

from __future__ import annotations

import traceback
from typing import Any

from alembic_safe.bridge.worker.locate import Locator

_DETAIL_LINES = 12


def describe(error: BaseException) -> str:
    """One line: the driver's own words for a database error, else class and text. No parameters, no SQL."""
    original: Any = getattr(error, "orig", None)
    if original is not None:
        primary = getattr(getattr(original, "diag", None), "message_primary", None)
        text = primary or _first_line(str(original)) or type(original).__name__
        return f"{type(original).__name__}: {_strip_asyncpg(text)}"
    text = _first_line(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def detail(error: BaseException) -> str:
    """What the server added (DETAIL, HINT), without rows of data; "" where there is nothing."""
    original: Any = getattr(error, "orig", error)
    diag = getattr(original, "diag", None) or getattr(original, "__cause__", None)
    lines = []
    for name, attributes in (
        ("DETAIL", ("message_detail", "detail")),
        ("HINT", ("message_hint", "hint")),
    ):
        text = next(
            (t for a in attributes if isinstance(t := getattr(diag, a, None), str) and t),
            None,
        )
        if text and not text.startswith("Failing row contains"):
            lines.append(f"{name}: {text}")
    return "\n".join(lines)


def sqlstate(error: BaseException) -> str | None:
    """The five characters of the server's error code, whatever the driver calls them."""
    original: Any = getattr(error, "orig", error)
    for attribute in ("sqlstate", "pgcode"):
        code = getattr(original, attribute, None)
        if isinstance(code, str):
            return code
    return None


def trail(error: BaseException, *own: str) -> str:
    """The traceback's last lines of code that are the project's: everything outside the `own` packages."""
    frames = [
        f"{frame.filename}:{frame.lineno} in {frame.name}: {(frame.line or '').strip()}"
        for frame in traceback.extract_tb(error.__traceback__)
        if not any(part in frame.filename for part in own) and not frame.filename.startswith("<frozen")
    ]
    return "\n".join(frames[-_DETAIL_LINES:])


def place(error: BaseException, *paths: str) -> str:
    """`file:line` of the first of `paths` that the error came through; "" when none."""
    for path in paths:
        source = Locator(path).of(error)
        if source is not None:
            return f"{source.file}:{source.line}"
    return ""


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _strip_asyncpg(text: str) -> str:
    # SQLAlchemy's asyncpg adapter repeats the class inside the text: "<class 'asyncpg...X'>: words"
    return text.split(">: ", 1)[1] if text.startswith("<class ") and ">: " in text else text
