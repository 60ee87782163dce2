"""What went wrong in a worker, as the error that the supervisor raises: class, message, hint, detail."""

from __future__ import annotations

import os
import traceback

from alembic.util import CommandError

from alembic_safe.bridge.messages import Failed, Job
from alembic_safe.bridge.worker import explain
from alembic_safe.bridge.worker.masking import mask_secrets
from alembic_safe.errors import AlembicSafeError, ProjectError

_OWN = (
    os.path.join("alembic_safe", ""),
    os.path.join("site-packages", "alembic", ""),
    os.path.join("site-packages", "sqlalchemy", ""),
)


def explain_failure(error: BaseException, env_py: str, revision: str, job: Job) -> Failed:
    """Any exception that came out of configuring or executing env.py; `revision` the file that was running."""
    if isinstance(error, AlembicSafeError):
        failed = Failed(type(error).__name__, error.message, error.hint, error.detail or "")
    elif _while_connecting(error):
        failed = Failed(
            "UnreachableError",
            f"env.py could not connect to the database: {explain.describe(error)}",
            "Check the URL that env.py uses and that the server runs; `alembic current` must reach it from here.",
        )
    elif isinstance(error, SystemExit):
        place = explain.place(error, *filter(None, (revision, env_py)))
        failed = Failed(
            "WorkerError",
            f"{'a revision' if revision else 'env.py'} called sys.exit({error.code!r})"
            + (f" at {place}" if place else ""),
            "Code that alembic runs must return when it is done; see what it printed above.",
        )
    elif isinstance(error, KeyboardInterrupt):
        failed = Failed("RevisionFailedError", "interrupted", "Run the same command again.")
    elif isinstance(error, CommandError):
        failed = _command_error(error, env_py)
    else:
        failed = _project_error(error, env_py)
    return Failed(
        *(
            mask_secrets(text, job.secrets)
            for text in (failed.kind, failed.message, failed.hint, failed.detail)
        )
    )


def _command_error(error: CommandError, env_py: str) -> Failed:
    message = str(error).strip()
    message = message[:1].lower() + message[1:]
    hint = "Does `alembic history` work in this directory?"
    if "Multiple head" in str(error):
        hint = "Name one head, or all of them with `heads`, or join them with `alembic merge heads`."
    elif "Can't locate revision" in str(error):
        hint = "`alembic history` lists the revisions of this checkout."
    elif "script_location" in str(error) or "No 'script_location'" in str(error):
        hint = "Give alembic's configuration with `-c`, or run in the directory that holds alembic.ini."
    return Failed("ProjectError", message, hint)


def _project_error(error: BaseException, env_py: str) -> Failed:
    where = ""
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{error.filename}:{error.lineno}"
    else:
        where = explain.place(error, env_py)
        last = traceback.extract_tb(error.__traceback__)[-1:] if error.__traceback__ else []
        if not where and last:
            where = f"{last[0].filename}:{last[0].lineno}"
    message = explain.describe(error)
    return Failed(
        "ProjectError",
        f"{message} ({where})" if where else message,
        "This is the project's own code; `alembic current` should show the same error.",
        explain.trail(error, *_OWN),
    )


def _while_connecting(error: BaseException | None) -> bool:
    """Whether the exception came out of a pool's connect: the same in every driver, unlike its class."""
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        if any(
            f.name == "__connect" and f.filename.endswith(os.path.join("pool", "base.py")) for f in frames
        ):
            return True
        error = error.__cause__
    return False


def no_target(env_py: str) -> ProjectError:
    return ProjectError(
        f"{env_py} was executed to its end without asking alembic to run anything",
        hint="It must call context.configure(connection=...) and context.run_migrations().",
    )


def no_connection() -> ProjectError:
    return ProjectError(
        "env.py calls context.configure() without a connection although alembic is online",
        hint="Use the run_migrations_online() of alembic's own template: context.configure(connection=connection, ...).",
    )


def open_transaction(error: Exception) -> ProjectError:
    return ProjectError(
        "env.py hands alembic a connection with a transaction that cannot be ended, so no revision could be committed"
        f" by itself: {explain.describe(error)}",
        hint="Call context.configure() before beginning a transaction, or commit it before.",
    )


def old_alembic(version: str, ini: str) -> ProjectError:
    return ProjectError(
        f"there is no {ini} here, and alembic {version} does not read pyproject.toml",
        hint="Give the configuration with `-c`, or use alembic 1.16 or newer.",
    )
