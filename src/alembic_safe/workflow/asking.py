"""Asking the project: which targets there are, what is pending, and our own connection to each database."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import GraphRead, Job
from alembic_safe.bridge.probe import Probed, ProbedTarget, probe
from alembic_safe.databases import open_database, warm_up
from alembic_safe.errors import ProjectError, RefusedError, UnknownRevisionError, UnreachableError
from alembic_safe.model.events import EventSink, Waiting
from alembic_safe.model.findings import Judgement
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.recovery import Resume
from alembic_safe.model.results import TargetSummary
from alembic_safe.model.revisions import Direction, RevisionListing
from alembic_safe.model.targets import Target
from alembic_safe.quick import dataclass
from alembic_safe.settings import Settings

# env.py itself is executed at each look, and a server that starts may take a minute
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


@dataclass(slots=True)
class Site:
    """A target with what is pending on it and our connection to its database.

    `judgement` is what judging said of what is pending; None before that, and where nothing is judged
    (nothing is pending, or the database holds nothing). `checkout` names the code, see `workflow.checkout`.
    `left` are pending revisions that this run leaves out. `pooled`: env.py's own connection goes through a pooler.
    """

    section: str
    graph: GraphRead
    probed: ProbedTarget
    database: Database
    judgement: Judgement | None = None
    checkout: str = ""
    left: tuple[str, ...] = ()
    pooled: bool = False

    @property
    def target(self) -> Target:
        return self.probed.found.target

    @property
    def pending(self) -> tuple[str, ...]:
        return self.probed.found.pending

    @property
    def listings(self) -> tuple[RevisionListing, ...]:
        return self.probed.listings

    def moved_to(self) -> tuple[str, ...] | None:
        """The version rows now, read again, where they are no longer what the project was told; else None."""
        now = self.database.read_heads(self.target.version_table) or ()
        return None if sorted(now) == sorted(self.target.heads or ()) else now

    def summary(self) -> TargetSummary:
        facts = self.database.facts
        return TargetSummary(
            label=self.target.label,
            dialect=facts.dialect,
            address=facts.address,
            server_version=facts.version,
            version_table=str(self.target.version_table),
            heads=self.target.heads,
        )


def job(
    settings: Settings,
    section: str,
    destination: str,
    direction: Direction,
    *,
    apply_as: str | None = None,
    listing: bool = False,
    unless_empty: bool = False,
    first: bool = False,
    secrets: tuple[str, ...] = (),
    stop_before: tuple[str, ...] = (),
    digest: bool = False,
    resume: Resume | None = None,
) -> Job:
    """A worker's job; `apply_as` is the application_name of one that applies, None probes."""
    config = settings.project.config
    return Job(
        mode="probe" if apply_as is None else "apply",
        config=(str(config),) if config else (),
        section=section,
        x_arguments=settings.project.x_arguments,
        destination=destination,
        direction=direction,
        application_name=apply_as or "alembic-safe/probe",
        listing=listing,
        first=first,
        search_path=_search_path(),
        secrets=secrets,
        stop_before=stop_before,
        resume=resume,
        paced=apply_as is not None and settings.preflight.replica_lag is not None,
        unless_empty=unless_empty,
        digest=digest,
        journal_schema=settings.journal.schema,
        with_values=listing and not first,
        lock_timeout=0.0 if apply_as is None else settings.apply.guard.lock_timeout,
    )


def ask(
    settings: Settings,
    workers: Workers,
    destination: str,
    direction: Direction,
    *,
    listing: bool,
    sink: EventSink,
    tick: Callable[[], None],
    unless_empty: bool = False,
    first: bool = False,
    digest: bool = False,
) -> list[Probed]:
    """Execute env.py once a section, read-only. `listing`: with the statements of what is pending, as written.

    `unless_empty`: but not where the database holds nothing; `first`: of what would be run next alone. `digest`: with
    one of the history, for what is kept of it. A database that is not there yet is waited for as settings say.
    """
    began, pause = time.monotonic(), _FIRST_PAUSE
    wanted = [
        job(
            settings,
            section,
            destination,
            direction,
            listing=listing,
            unless_empty=unless_empty,
            first=first,
            digest=digest,
        )
        for section in settings.project.sections
    ]
    while True:
        try:
            return _ask_once(workers, wanted, sink=sink, tick=tick)
        except UnreachableError as error:
            waited = time.monotonic() - began
            if waited >= settings.wait_for_database:
                raise
            sink(Waiting(f"the database: {error.message}", "", waited))
        until = time.monotonic() + min(pause, settings.wait_for_database - waited)
        while time.monotonic() < until:
            tick()
            time.sleep(0.1)
        pause = min(_LONGEST_PAUSE, pause * 2)


def _ask_once(
    workers: Workers, jobs: Sequence[Job], *, sink: EventSink, tick: Callable[[], None]
) -> list[Probed]:
    return [
        probe(
            workers,
            one,
            sink=sink,
            tick=tick,
            meanwhile=_warm_up_all if one.listing and not one.first else warm_up,
        )
        for one in jobs
    ]


def _warm_up_all() -> None:
    """Also import what judges, in a thread: a target with nothing pending need not wait for it."""
    threading.Thread(target=_import_judges, name="alembic-safe imports", daemon=True).start()
    warm_up()


def _import_judges() -> None:
    from alembic_safe.rules import all_rules

    all_rules()
    importlib.import_module("alembic_safe.workflow.judging")


def refuse_unusable(probed: Sequence[Probed]) -> None:
    """Raise for a target that nothing can be planned on: unknown rows, or no way to the destination."""
    for section in probed:
        for target in section.targets:
            found = target.found
            if found.unknown:
                rows, heads = ", ".join(found.unknown), ", ".join(section.graph.heads)
                here = (
                    f"this checkout (at {heads})" if heads else "this checkout, which has no revision at all,"
                )
                raise UnknownRevisionError(
                    f"{found.target.label} is at revision {rows}, which {here} does not have",
                    hint=None if heads else "Are script_location and version_locations right?",
                )
            if found.fault:
                raise ProjectError(
                    found.fault,
                    hint="`alembic history` lists the revisions of this checkout, `alembic-safe status` where"
                    " the target is.",
                )


def open_sites(probed: Sequence[Probed], policy: ControlPolicy, *, read_only: bool) -> list[Site]:
    """Our own connections, one a database, shared by its targets. The caller closes them (`close_sites`)."""
    databases: dict[str, Database] = {}
    sites = []
    try:
        for section in probed:
            for target in section.targets:
                found = target.found.target
                key = found.server or found.database
                if key not in databases:
                    databases[key] = open_database(found.parameters, policy=policy, read_only=read_only)
                    _check_same(databases[key], found, section)
                sites.append(
                    Site(section.section, section.graph, target, databases[key], pooled=section.pooled)
                )
    except BaseException:
        for database in databases.values():
            database.close()
        raise
    return sites


def close_sites(sites: Sequence[Site]) -> None:
    """Close our connections. Never raises."""
    for database in databases_of(sites):
        with suppress(Exception):
            database.close()


def databases_of(sites: Sequence[Site]) -> list[Database]:
    """Each database once, in an order that every deployer shares."""
    unique = {id(site.database): site.database for site in sites}
    return sorted(unique.values(), key=lambda database: database.facts.server)


def secrets_of(sites: Sequence[Site]) -> tuple[str, ...]:
    """What the targets' connections are made with and nobody may read."""
    return tuple({secret for site in sites for secret in site.target.parameters.secrets()})


def _check_same(database: Database, target: Target, section: Probed) -> None:
    facts = database.facts
    if facts.dialect != "postgresql":
        return
    if target.server and facts.server != target.server:
        raise RefusedError(
            f"our own connection reached another server or database ({facts.address}) than env.py's",
            hint="Set `control-url` to the very database that env.py migrates: `env:NAME`, `file:PATH` or"
            " `service=NAME`.",
        )
    if section.pooled and facts.in_recovery:
        raise RefusedError(f"{facts.address} is a standby", hint="Set `control-url` to the primary.")


def _search_path() -> tuple[str, ...]:
    """What `python -m alembic_safe` adds to the project's imports: the working directory, as `-m` does."""
    started_as_module = Path(sys.argv[0]).name == "__main__.py"
    return (str(Path.cwd()),) if started_as_module else ()
