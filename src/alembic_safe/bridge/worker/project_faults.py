"""What is wrong in a project, told from the exception that it raised: the thing at fault, and what to mend.

A message never repeats what a URL or a configuration file holds: there may be a password in it.
"""

from __future__ import annotations

import configparser
import os
import re
import sysconfig
import traceback
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from alembic_safe.bridge.messages import Failed, Job
from alembic_safe.bridge.worker import explain

_OWN = ("/alembic_safe/", "/site-packages/alembic/", "/site-packages/sqlalchemy/")
_LIBRARIES = ("/site-packages/", "/dist-packages/", f"{sysconfig.get_path('stdlib')}/")
_THEIRS = "This is the project's own code; `alembic current` should show the same error."
_URL_HINT = (
    "Look at sqlalchemy.url in the configuration, or at what env.py reads instead. In a URL, special"
    " characters of a password are percent-encoded (@ is %40); in an .ini file every % is written twice."
)
_DRIVER_HINT = (
    "Install the driver beside alembic-safe, or name an installed one in the URL (postgresql+psycopg://)."
)
_GRANT_HINT = "Give the role in the URL that env.py uses that right; `alembic current` must work with it."
_WAIT_HINT = (
    "Another session is in the way: see pg_locks and pg_stat_activity, then run the same command again."
)
_NO_RANGE = (
    (r"No such revision or branch '([^']*)'.*", r"there is no revision \1 in this checkout"),
    (r"Can't locate revision identified by '([^']*)'", r"there is no revision \1 in this checkout"),
    (r"Multiple revisions start with '([^']*)': (.*?)(?:\.\.\.)?$", r"\1 is ambiguous: \2"),
)


def command_error(error: CommandError, job: Job) -> Failed:
    """alembic's own refusal of a configuration or of a directory of revisions."""
    text = re.sub(r"\s+", " ", str(error)).strip()
    if "script_location" in text:
        return _no_configuration(job)
    missing = re.match(r"Path doesn't exist: '?(.*?)'?\. +Please use", text)
    if missing:
        return Failed(
            "ProjectError",
            f"there is no folder {missing[1]}",
            f"Is script_location in {_file(job)} right? It is relative to the working directory, unless it"
            " begins with %(here)s.",
        )
    return Failed(
        "ProjectError",
        text[:1].lower() + text[1:].rstrip("."),
        "Does `alembic history` work in this directory?",
    )


def no_range(error: BaseException, destination: str, heads: tuple[str, ...]) -> str:
    """Why there is no way to `destination`, in one line that names the revisions concerned."""
    text = str(error).strip()
    if "Multiple head" in text and destination == "head":
        names = ", ".join(heads)
        return f"this checkout has {len(heads)} heads ({names}): say `heads` for all of them, or name one"
    for cause in (str(error.__cause__ or ""), text):
        for pattern, words in _NO_RANGE:
            found = re.match(pattern, cause)
            if found:
                return found.expand(words)
    text = text.rstrip(".")
    return f"there is no way to {destination}: {text[:1].lower()}{text[1:]}"


def project_error(error: BaseException, env_py: str, job: Job) -> Failed:
    """Any other exception from the project's code, named by the place where the project's code raised it."""
    if isinstance(error, DBAPIError):
        refused = _database_error(error)
        if refused is not None:
            return refused
    if isinstance(error, configparser.Error):
        return _unreadable(error, job)
    place = _place(error, env_py)
    where = f" ({place})" if place else ""
    trail = explain.trail(error, *_OWN)
    if isinstance(error, SyntaxError):
        return Failed(
            "ProjectError", f"{type(error).__name__}: {error.msg}{where}", _THEIRS, (error.text or "").strip()
        )
    if isinstance(error, KeyError) and _raised_in(error, "script/revision.py"):
        return Failed(
            "ProjectError",
            f"a revision follows or depends on {error.args[0]!r}, which no file of this checkout holds",
            "Is a file missing from the versions folder? `alembic history` must work in this directory.",
        )
    if _raised_in(error, "engine/create.py") or _raised_in(error, "engine/url.py"):
        return _unusable_url(error, where, trail)
    return Failed("ProjectError", f"{explain.describe(error)}{where}", _THEIRS, trail)


def _no_configuration(job: Job) -> Failed:
    file, named = Path(_file(job)).absolute(), bool(job.config or os.environ.get("ALEMBIC_CONFIG"))
    hint = "Run this in the directory that holds alembic.ini, or name the file with `-c FILE`."
    if not file.is_file():
        if named:
            return Failed("ProjectError", f"there is no file {file}", hint)
        folder = file.parent
        return Failed(
            "ProjectError",
            f"no alembic project in {folder}: neither alembic.ini nor script_location in pyproject.toml",
            hint,
        )
    sections = _sections(file)
    if sections and job.section not in sections:
        return Failed(
            "ProjectError",
            f"{file} has no section [{job.section}]",
            f"It has {', '.join(sections)}: name one with `-n SECTION`.",
        )
    return Failed(
        "ProjectError",
        f"script_location is not set for {job.section} in {file}",
        "It names the folder that holds env.py, such as `script_location = %(here)s/migrations`.",
    )


def _file(job: Job) -> str:
    return job.config[0] if job.config else os.environ.get("ALEMBIC_CONFIG") or "alembic.ini"


def _sections(file: Path) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return []
    return parser.sections()


def _unreadable(error: configparser.Error, job: Job) -> Failed:
    line, option = getattr(error, "lineno", None), getattr(error, "option", None)
    where = f", line {line}" if line else f", {option}" if option else ""
    hint = "Mend the file. A percent sign in a value is written twice: %%." if option else "Mend the file."
    return Failed("ProjectError", f"{_file(job)} cannot be read: {type(error).__name__}{where}", hint)


def _unusable_url(error: BaseException, where: str, trail: str) -> Failed:
    if isinstance(error, ImportError):
        message = f"the driver that env.py's database URL names is not there: {explain.describe(error)}"
        return Failed("ProjectError", message + where, _DRIVER_HINT, trail)
    why = "it is not of the form dialect+driver://user@host:port/database"
    if isinstance(error, NoSuchModuleError):
        why = f"SQLAlchemy knows no database {str(error).rpartition(':')[2]}"
    elif isinstance(error, ValueError):
        why = "its port is not a number"
    elif not isinstance(error, ArgumentError) or "parse" not in str(error):
        why = explain.describe(error)
    return Failed("ProjectError", f"env.py's database URL cannot be used: {why}{where}", _URL_HINT, trail)


def _database_error(error: DBAPIError) -> Failed | None:
    """What env.py met in the database before any revision ran; None where that says nothing more."""
    state = explain.sqlstate(error) or ""
    said = explain.describe(error)
    if state == "42501":
        return Failed("RefusedError", f"the database refuses env.py: {said}", _GRANT_HINT)
    if state in {"55P03", "57014"}:
        return Failed("GaveUpError", f"gave up waiting while env.py read the database: {said}", _WAIT_HINT)
    return None


def _raised_in(error: BaseException, tail: str) -> bool:
    return any(frame.filename.endswith(tail) for frame in traceback.extract_tb(error.__traceback__))


def _place(error: BaseException, env_py: str) -> str:
    """`file:line` of the innermost frame of the project, which may itself be installed as a library."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    home = f"{Path(env_py).parent}/" if env_py else None
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        name = frame.filename
        if name.startswith("<") or any(part in name for part in _OWN):
            continue
        if (home and name.startswith(home)) or not any(part in name for part in _LIBRARIES):
            return f"{name}:{frame.lineno}"
    return ""
