"""What went wrong in a worker, as the error that the supervisor raises: class, message, hint, detail."""

from __future__ import annotations

import traceback
from pathlib import Path

from alembic.util import CommandError

from alembic_safe.bridge.messages import LOST_HINT, Failed, Job
from alembic_safe.bridge.worker import connections, explain, project_faults
from alembic_safe.bridge.worker.masking import mask_secrets
from alembic_safe.databases import connect_hint
from alembic_safe.errors import AlembicSafeError, ProjectError

_CONNECT_HINT = (
    "Check the URL that env.py uses and that the server runs; `alembic current` must reach it from here."
)


def explain_failure(error: BaseException, env_py: str, revision: str, job: Job) -> Failed:
    """Any exception that came out of configuring or executing env.py; `revision` the file that was running."""
    error = explain.origin(error)
    if isinstance(error, AlembicSafeError):
        failed = Failed(type(error).__name__, error.message, error.hint, error.detail or "")
    elif _while_connecting(error):
        failed = Failed(
            "UnreachableError",
            f"env.py could not connect to {connections.address_tried()}: {explain.describe(error)}",
            connect_hint(explain.describe(error)) or _CONNECT_HINT,
        )
    elif explain.connection_lost(error):
        failed = Failed(
            "UnreachableError",
            f"the connection that env.py had made was lost: {explain.describe(error)}",
            LOST_HINT,
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
        failed = project_faults.command_error(error, job)
    else:
        failed = project_faults.project_error(error, env_py, job)
    return Failed(
        *(
            mask_secrets(text, job.secrets)
            for text in (failed.kind, failed.message, failed.hint, failed.detail)
        )
    )


def _while_connecting(error: BaseException | None) -> bool:
    """Whether the exception came out of a pool's connect: the same in every driver, unlike its class."""
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        if any(f.name == "__connect" and Path(f.filename).parts[-2:] == ("pool", "base.py") for f in frames):
            return True
        error = error.__cause__
    return False


def no_target(env_py: str) -> ProjectError:
    """env.py never came to run_migrations()."""
    return ProjectError(
        f"{env_py} was executed to its end without asking alembic to run anything",
        hint="It must call context.configure(connection=...) and context.run_migrations().",
    )


def no_connection() -> ProjectError:
    """env.py configures alembic as for offline mode."""
    return ProjectError(
        "env.py calls context.configure() without a connection although alembic is online",
        hint="Use the run_migrations_online() of alembic's own template:"
        " context.configure(connection=connection, ...).",
    )


def open_transaction(error: Exception) -> ProjectError:
    """A transaction that is open before configure() and resists."""
    return ProjectError(
        "env.py hands alembic a connection with a transaction that cannot be ended, so no revision could be committed"
        f" by itself: {explain.describe(error)}",
        hint="Call context.configure() before beginning a transaction, or commit it before.",
    )


def old_alembic(version: str, ini: str) -> ProjectError:
    """Only a pyproject.toml, and an alembic that does not read it."""
    return ProjectError(
        f"there is no {ini} here, and alembic {version} does not read pyproject.toml",
        hint="Give the configuration with `-c`, or use alembic 1.16 or newer.",
    )
