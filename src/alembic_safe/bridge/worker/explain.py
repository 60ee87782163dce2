"""Exceptions as messages: one clear line, the useful detail, never bound values."""

from __future__ import annotations

import re
import traceback
from typing import Any

from sqlalchemy.exc import DBAPIError, PendingRollbackError

from alembic_safe.bridge.worker.locate import Locator
from alembic_safe.bridge.worker.masking import mask_secrets, mask_values
from alembic_safe.model.secrets import MASK

_DETAIL_LINES = 12
# SQLSTATE class 22, data exception: its messages quote the offending value
# (postgresql.org/docs/current/errcodes-appendix.html)
_DATA_EXCEPTION = "22"
_QUOTED = re.compile(r': ".*"', re.DOTALL)
# "Key (email)=(...) already exists.", "Partition key of the failing row contains (a) = (...)."
_KEY = re.compile(r"(\) ?= ?)\(.*\)", re.DOTALL)
# asyncpg: "invalid input for query argument $1: 'x' (expected str, got int)"
_ARGUMENT = re.compile(r"(query argument \$\d+[^:]*: ).*?(?=(?: \([^()]*\))?$)", re.DOTALL)


def describe(error: BaseException) -> str:
    """One line: the driver's own words for a database error, else class and text. No parameters, no SQL."""
    original: Any = getattr(error, "orig", None)
    if original is None:
        text = mask_secrets(_first_line(str(error).split("Original exception was:")[0]))
        return f"{type(error).__name__}: {text}" if text else type(error).__name__
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    text = _strip_asyncpg(primary or _first_line(str(original)) or type(original).__name__)
    text = _ARGUMENT.sub(rf"\1{MASK}", text)
    if (sqlstate(error) or "").startswith(_DATA_EXCEPTION):
        text = _QUOTED.sub(f': "{MASK}"', text)
    return f"{type(original).__name__}: {mask_secrets(mask_values(text, getattr(error, 'params', None)))}"


def origin(error: BaseException) -> BaseException:
    """The loss of the connection, where the error only says that SQLAlchemy goes no further after one; else itself.

    Ending a transaction whose connection is gone raises PendingRollbackError, and hides the server's words.
    """
    before: BaseException | None = error
    while isinstance(before, PendingRollbackError):
        before = before.__cause__ or before.__context__
    return before if before is not None and connection_lost(before) else error


def connection_lost(error: BaseException) -> bool:
    """Whether the server, or the network, ended the connection: nobody's code is wrong."""
    return isinstance(error, DBAPIError) and bool(error.connection_invalidated)


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
        shows_data = name == "DETAIL" and (
            (sqlstate(error) or "").startswith(_DATA_EXCEPTION) or (text or "").startswith("Failing row")
        )
        if text and not shows_data:
            text = _KEY.sub(rf"\1({MASK})", text)
            lines.append(f"{name}: {mask_secrets(mask_values(text, getattr(error, 'params', None)))}")
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
    """The traceback's last places in code that is the project's: everything outside the `own` packages.

    Without the lines themselves, which may hold values.
    """
    frames = [
        f"{frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if not any(part in frame.filename for part in own) and not frame.filename.startswith("<")
    ]
    return mask_secrets("\n".join(frames[-_DETAIL_LINES:]))


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
