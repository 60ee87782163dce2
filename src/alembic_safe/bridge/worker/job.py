"""One job from beginning to end: configure alembic as its command line would, execute env.py once, report."""

from __future__ import annotations

import argparse
import atexit
import faulthandler
import inspect
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import alembic
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import TwoPhaseTransaction

from alembic_safe.bridge.messages import (
    EnvironmentNotice,
    Failed,
    Finished,
    Job,
    Started,
)
from alembic_safe.bridge.worker import (
    failures,
    process,
    redirected,
    reviewing,
    sleeping,
    tracing,
    transactions,
)
from alembic_safe.bridge.worker.applying import Application
from alembic_safe.bridge.worker.capture import StatementCapture, is_autocommit
from alembic_safe.bridge.worker.concurrent import ConcurrentStatements
from alembic_safe.bridge.worker.connections import ConnectionWatch
from alembic_safe.bridge.worker.link import Link, StoppedError
from alembic_safe.bridge.worker.lock_timeouts import LockTimeouts
from alembic_safe.bridge.worker.probing import Probe, SkippedWrites
from alembic_safe.bridge.worker.redirecting import Redirection
from alembic_safe.bridge.worker.resuming import Resumption

_ATEXIT_SECONDS = 2
_ONE_TRANSACTION = (
    "env.py opens a transaction around all revisions (engine.begin()); each revision gets one of its own here"
)
_TWO_PHASES = (
    "env.py commits its databases together in two phases; here each revision is committed by itself, so that a"
    " failure may leave one database further than another"
)
_AUTOCOMMIT = "env.py's connection is in AUTOCOMMIT: what a failing revision has done until then stays"
_AUTOCOMMIT_HINT = (
    "Leave the engine's isolation level alone and use op.get_context().autocommit_block() where needed."
)


def run(channel: int) -> int:
    """Do the job that the channel brings; the exit status of the process."""
    link = Link(channel)
    job = link.receive()
    if not isinstance(job, Job):
        raise TypeError("a job was expected")
    for entry in job.search_path:
        if entry not in sys.path:
            sys.path.append(entry)
    session = _Session(job, link)
    try:
        session.execute()
        if session.swallowed is None:
            link.tell(Finished(process.threads_left()))
    except StoppedError as stopped:
        session.step_failed(stopped)
        link.tell(Failed("RevisionFailedError", f"stopped: {stopped}", ""))
    except BaseException as error:
        session.step_failed(error)
        link.tell(failures.explain_failure(error, session.env_py, session.revision_path, job))
    _leave()
    return 0


class _Session:
    """alembic's objects for one execution of env.py."""

    def __init__(self, job: Job, link: Link) -> None:
        self._job = job
        self._link = link
        self.env_py = ""
        self.revision_path = ""
        self.swallowed: BaseException | None = None
        self._function: Probe | Application | None = None

    def execute(self) -> None:
        job, link = self._job, self._link
        if job.mode != "apply":
            sleeping.install()
        config = _config(job)
        with warnings.catch_warnings():
            # alembic's own advice about the project's configuration is for `alembic`, and goes to stderr there
            warnings.simplefilter("default")
            script = ScriptDirectory.from_config(config)
        self.env_py = str(Path(script.dir, "env.py").absolute())
        if job.mode == "review":
            _quiet_alembic()
            link.tell(Started(os.getpid()))
            reviewing.review(job, link, config, script)
            return
        redirection = Redirection(job.redirect, link) if job.redirect is not None else None
        ConnectionWatch(
            link,
            application_name=job.application_name,
            read_only=job.mode == "probe",
            redirection=redirection,
            lock_timeout=job.lock_timeout,
            further=(tracing.SETTING,) if job.trace else (),
        ).install()
        if redirection is not None:
            redirected.install(redirection)
        callbacks: list[Any] = []
        options: dict[str, Any] = {
            "destination_rev": job.destination,
            "as_sql": False,
            "tag": None,
        }
        if job.mode == "probe":
            skipped = SkippedWrites(link, self.env_py)
            skipped.install()
            function: Probe | Application = Probe(job, link, script, skipped)
            options["dont_mutate"] = True
        else:
            function = self._application(script)
            callbacks.append(function.on_version_apply)
        self._function = function
        environment = EnvironmentContext(config, script, fn=function, **options)
        if isinstance(function, Probe):
            function.environment = environment
        _wrap(environment, link, function, callbacks, redirection)
        _quiet_alembic()
        link.tell(Started(os.getpid()))
        with environment:
            if redirection is not None and redirection.redirect.without_env:
                redirected.run_without_env(environment, redirection)
            else:
                script.run_env()
        if function.found == 0:
            raise failures.no_target(self.env_py)
        if isinstance(function, Application) and function.open is not None:
            # env.py swallowed the exception of a revision and went on as if nothing had been
            self.swallowed = RuntimeError("env.py went on after the revision had failed")
            raise self.swallowed

    def _application(self, script: ScriptDirectory) -> Application:
        capture, watch = StatementCapture(), transactions.TransactionWatch()
        capture.install()
        watch.install()
        resumption = Resumption(self._job.resume, capture)
        resumption.install()
        ConcurrentStatements(self._link, capture).install()
        timeouts = LockTimeouts(capture, self._job.lock_timeout)
        application = Application(self._job, self._link, script, capture, watch, timeouts, resumption)
        if self._job.lock_timeout:
            timeouts.install(application.say_own_timeout)
        return application

    def step_failed(self, error: BaseException) -> None:
        """Tell of the revision that was running, if one was."""
        if isinstance(self._function, Application):
            self.revision_path = self._function.open.revision.path if self._function.open else ""
            self._function.report_failure(error)


def _wrap(
    environment: EnvironmentContext,
    link: Link,
    function: Probe | Application,
    callbacks: list[Any],
    redirection: Redirection | None,
) -> None:
    """Replace `configure` and `run_migrations` on the instance; the module proxies look them up there.

    Subclassing would break `from alembic import context`: its proxies are filled for the exact class.
    """
    real: Any = environment
    configure, run_migrations = real.configure, real.run_migrations
    signature = inspect.signature(configure)

    def wrapped_configure(*arguments: Any, **keywords: Any) -> None:
        bound = signature.bind(*arguments, **keywords).arguments
        keywords = {**bound.pop("kw", {}), **bound}
        connection = keywords.get("connection")
        if connection is None:
            raise failures.no_connection()
        if redirection is not None:
            connection = keywords["connection"] = redirected.proven(connection, redirection)
        if hasattr(connection, "get_transaction") and _end_open(connection, link):
            keywords["connection"] = connection
        theirs = keywords.get("on_version_apply") or ()
        theirs = (theirs,) if callable(theirs) else tuple(theirs)
        keywords["on_version_apply"] = (*theirs, *callbacks)
        keywords["transaction_per_migration"] = True
        configure(**keywords)

    def wrapped_run(**arguments: Any) -> None:
        if isinstance(function, Probe):
            function.arguments = arguments
        run_migrations(**arguments)

    real.configure, real.run_migrations = wrapped_configure, wrapped_run


def _end_open(connection: Any, link: Link) -> bool:
    """End a transaction that env.py has open; alembic would commit nothing inside it."""
    in_block = getattr(connection, "_trans_context_manager", None) is not None
    in_two_phases = isinstance(connection.get_transaction(), TwoPhaseTransaction)
    try:
        ended = transactions.end_open(connection)
    except Exception as error:
        raise failures.open_transaction(error) from error
    if in_two_phases:
        link.tell(EnvironmentNotice(_TWO_PHASES))
    elif ended and in_block:
        link.tell(EnvironmentNotice(_ONE_TRANSACTION))
    if is_autocommit(connection):
        link.tell(EnvironmentNotice(_AUTOCOMMIT, _AUTOCOMMIT_HINT))
    return ended


def _config(job: Job) -> Config:
    """alembic's Config exactly as its command line makes it (`-c`, `-n`, `-x`, ALEMBIC_CONFIG, pyproject.toml)."""
    names = list(job.config)
    options = argparse.Namespace(
        config=names or None,
        name=job.section,
        x=list(job.x_arguments) or None,
        raiseerr=False,
        revision=job.destination,
        sql=False,
        tag=None,
        quiet=False,
        cmd=(getattr(command, job.direction), ["revision"], ["sql", "tag"]),
    )
    default = os.environ.get("ALEMBIC_CONFIG") or "alembic.ini"
    toml = next(
        (n for n in [*names, default] if Path(n).name == "pyproject.toml"),
        "pyproject.toml",
    )
    ini = next(
        (n for n in [*names, default] if Path(n).name != "pyproject.toml"),
        "alembic.ini",
    )
    arguments: dict[str, Any] = {
        "file_": ini,
        "ini_section": job.section,
        "cmd_opts": options,
    }
    if "toml_file" in inspect.signature(Config.__init__).parameters:
        arguments["toml_file"] = toml
    elif not Path(ini).exists():
        raise failures.old_alembic(alembic.__version__, ini)
    return Config(**arguments)


def _quiet_alembic() -> None:
    """Drop alembic's "Running upgrade" lines: the progress says the same. Filters survive env.py's fileConfig."""
    for name in ("alembic.runtime.migration", "alembic.runtime.plugins.setup"):
        logging.getLogger(name).addFilter(lambda record: record.levelno >= logging.WARNING)


def _leave() -> None:
    """Run the project's exit handlers, briefly: a thread or a handler of theirs must not keep us.

    One that does not end is named by its traceback, after which the process ends at once.
    """
    faulthandler.dump_traceback_later(_ATEXIT_SECONDS, exit=True, file=2)
    try:
        atexit._run_exitfuncs()
    except BaseException as error:
        sys.stderr.write(f"an exit handler of the project failed: {error!r}\n")
    sys.stdout.flush()
    sys.stderr.flush()


__all__ = ["run", "sqlalchemy"]
