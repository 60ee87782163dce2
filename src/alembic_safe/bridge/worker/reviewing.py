"""A review: every revision of the script directory rendered in order, without any database and without a URL.

Rendered plainly first, without env.py: a review runs where there is neither a database nor its secrets, and an
env.py is written to have both; it also imports the whole application, which takes longer than all the rest.
What then could not be loaded or rendered may need what env.py sets up (an application context, arguments of
upgrade(), version locations): the supervisor has a fresh worker execute env.py for that, in alembic's offline
mode. Fresh, since modules that revisions imported before env.py ran may not be what they are after it.

Nothing can be connected to in either way. The dialect is the one that is asked for, or that of a URL that is written
down, and PostgreSQL's otherwise. SQLite's shows nothing of a batch without the tables: that is not inspectable here,
and the supervisor runs it on a file of ours.
"""

from __future__ import annotations

import builtins
import inspect
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import dropwhile
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine.url import make_url

from alembic_safe.bridge.messages import Job, ReviewBegun, RevisionListed
from alembic_safe.bridge.worker import failures, graph, project_faults, refusal
from alembic_safe.bridge.worker.connections import ConnectionWatch
from alembic_safe.bridge.worker.history_digest import history_digest
from alembic_safe.bridge.worker.link import Link
from alembic_safe.bridge.worker.render import render
from alembic_safe.errors import ProjectError
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.model.targets import Dialect

# such an env.py adds folders of revisions, or sets the directory up in another way; without it some are not seen
_SETS_UP_THE_GRAPH = re.compile(r"version_locations|\bcontext\.script\b|ScriptDirectory")


def review(job: Job, link: Link, config: Config, script: ScriptDirectory) -> None:
    """Tell of every revision, base to heads. Raises what loading them, or env.py, raises."""
    ConnectionWatch(link, application_name=job.application_name, read_only=True).install()
    reviewer = _Reviewer(job, link, script, config)
    with refusal.nothing_reached():
        if job.environment:
            _through_env(reviewer, config)
        else:
            _plainly(reviewer, config)


def _plainly(reviewer: _Reviewer, config: Config) -> None:
    script = reviewer.script
    environment = EnvironmentContext(config, script, as_sql=True, destination_rev="heads", tag=None)
    context = MigrationContext.configure(
        dialect=_dialect(reviewer.dialect, reviewer.job.server_version),
        environment_context=environment,
        opts={"script": script, "as_sql": True, "output_buffer": io.StringIO()},
    )
    with environment:
        reviewer.list_all(environment, context, {})


def _through_env(reviewer: _Reviewer, config: Config) -> None:
    """Execute env.py offline; its configure() and run_migrations() are replaced on the instance."""
    found: list[MigrationContext] = []
    arguments: dict[str, Any] = {}

    def list_them(heads: Any, context: MigrationContext) -> list[Any]:
        found.append(context)
        reviewer.list_all(environment, context, dict(arguments))
        return []

    environment = EnvironmentContext(
        config,
        reviewer.script,
        fn=list_them,
        as_sql=True,
        dont_mutate=True,
        starting_rev=None,
        destination_rev="heads",
        tag=None,
    )
    real: Any = environment
    configure, run_migrations = real.configure, real.run_migrations
    signature = inspect.signature(configure)

    def configure_offline(*given: Any, **keywords: Any) -> None:
        bound = signature.bind(*given, **keywords).arguments
        keywords = {**bound.pop("kw", {}), **bound}
        if keywords.get("url") is not None and reviewer.job.dialect not in ("postgresql", "sqlite"):
            reviewer.dialect = _dialect_of(str(keywords["url"]))
        for name in ("connection", "url", "dialect_opts", "starting_rev", "output_encoding"):
            keywords.pop(name, None)
        keywords.update(dialect_name=reviewer.dialect, output_buffer=io.StringIO())
        configure(**keywords)
        if reviewer.dialect == "postgresql":
            _set_version(environment.get_context().dialect, reviewer.job.server_version)

    def run(**given: Any) -> None:
        arguments.clear()
        arguments.update(given)
        run_migrations(**given)

    real.configure, real.run_migrations = configure_offline, run
    env_py = Path(reviewer.script.dir, "env.py").absolute()
    with environment, _files_unwritten(env_py):
        reviewer.script.run_env()
    if not found:
        raise failures.no_target(str(env_py))


@contextmanager
def _files_unwritten(env_py: Path) -> Iterator[None]:
    """Offline, alembic's multidb template writes a file for each database, over one that is there."""
    real = builtins.open

    def opened(file: Any, mode: str = "r", *further: Any, **keywords: Any) -> Any:
        by_env = Path(sys._getframe(1).f_code.co_filename).absolute() == env_py
        diverted = by_env and isinstance(mode, str) and set(mode) & set("wax+")
        return real(os.devnull if diverted else file, mode, *further, **keywords)

    builtins.open = opened
    try:
        yield
    finally:
        builtins.open = real


class _Reviewer:
    """Lists the whole directory for each target, and tells what of it was asked for."""

    def __init__(self, job: Job, link: Link, script: ScriptDirectory, config: Config) -> None:
        self.job = job
        self.script = script
        self._config = config
        self._link = link
        self.dialect = _asked(job.dialect) or _dialect_of(_written_url(config))
        self._targets = 0

    def list_all(
        self, environment: EnvironmentContext, context: MigrationContext, arguments: dict[str, Any]
    ) -> None:
        """One target: all its revisions, in the order in which an empty database would get them."""
        if self._targets == 0:
            self._link.tell(graph.read(self.script))
        todo = self._steps("heads")
        chosen = self._chosen(todo)
        kept = self._kept(todo, chosen)
        skipped = kept is not None and kept.exists()
        self._link.tell(
            ReviewBegun(
                self._targets, chosen, self._why_env(), str(kept) if kept else "", skipped, self.dialect
            )
        )
        for step in _from_first(todo, chosen) if skipped else todo:
            self._list(render(environment, context, step, "upgrade", arguments, with_values=True))
            if step.revision.revision in chosen and hasattr(step.revision.module, "downgrade"):
                back = MigrationStep.downgrade_from_script(self.script.revision_map, step.revision)
                self._list(render(environment, context, back, "downgrade", arguments, with_values=True))
        self._targets += 1

    def _kept(self, todo: list[Any], chosen: tuple[str, ...]) -> Path | None:
        """The file for what comes before the first chosen one; None where nothing does, or env.py has a say."""
        before = len(todo) - len(_from_first(todo, chosen))
        if (
            not self.job.kept
            or self.job.environment
            or self.dialect == "sqlite"
            or not 0 < before < len(todo)
        ):
            return None
        digest = history_digest(self.job, self._config, (step.revision for step in todo[:before]))
        return Path(self.job.kept, f"{digest}.json")

    def _list(self, listing: RevisionListing) -> None:
        self._link.tell(RevisionListed(self._targets, listing))

    def _chosen(self, todo: list[Any]) -> tuple[str, ...]:
        """The ids that were asked for, in order."""
        if self.job.paths:
            wanted = {str(Path(path).resolve()) for path in self.job.paths}
            revisions = (step.revision for step in todo)
            return tuple(one.revision for one in revisions if str(Path(one.path).resolve()) in wanted)
        if not self.job.base:
            return self._named(self.job.destination)
        before = {step.revision.revision for step in self._steps(self.job.base)}
        upto = [step.revision.revision for step in self._steps(self.job.destination)]
        return tuple(revision for revision in upto if revision not in before)

    def _named(self, names: str) -> tuple[str, ...]:
        try:
            return tuple(found.revision for found in self.script.get_revisions(names) if found is not None)
        except (CommandError, AttributeError) as error:
            raise self._no_range(error, names) from error

    def _steps(self, destination: str) -> list[Any]:
        if destination == "base":
            return []
        try:
            return graph.steps(self.script, (), destination, "upgrade")
        except (CommandError, AttributeError) as error:
            raise self._no_range(error, destination) from error

    def _no_range(self, error: Exception, destination: str) -> ProjectError:
        fault = project_faults.no_range(error, destination, tuple(self.script.get_heads()))
        return ProjectError(fault, hint="`alembic history` lists the revisions of this checkout.")

    def _why_env(self) -> str:
        """Why env.py has to run for the directory to be known whole; "" where it need not, or did."""
        if self.job.environment:
            return ""
        try:
            text = Path(self.script.dir, "env.py").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "env.py sets up the script directory itself" if _SETS_UP_THE_GRAPH.search(text) else ""


def _from_first(todo: list[Any], chosen: tuple[str, ...]) -> list[Any]:
    """The steps from the first chosen one on."""
    wanted = frozenset(chosen)
    return list(dropwhile(lambda step: step.revision.revision not in wanted, todo))


def _written_url(config: Config) -> str:
    """The URL of the configuration; "" where env.py has its own way."""
    try:
        return config.get_main_option("sqlalchemy.url") or ""
    except Exception:  # an interpolation that only the project's own start sets up
        return ""


def _dialect_of(url: str) -> Dialect:
    return "sqlite" if url.startswith("sqlite") else "postgresql"


def _asked(dialect: str) -> Dialect | None:
    """The dialect that a person named; None where the project is to tell."""
    if dialect == "sqlite":
        return "sqlite"
    return "postgresql" if dialect == "postgresql" else None


def _dialect(name: Dialect, version: int) -> Any:
    dialect = make_url(f"{name}://").get_dialect()()
    if name == "sqlite":
        return dialect
    _set_version(dialect, version)
    return dialect


def _set_version(dialect: Any, version: int) -> None:
    """What a connection would have said, for revisions that ask for it."""
    dialect.server_version_info = (version, 0)
    dialect.default_schema_name = "public"
