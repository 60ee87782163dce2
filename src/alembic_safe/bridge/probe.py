"""One probe, from the supervisor's side: what a section's env.py configures and what is pending there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace

from alembic_safe.bridge.launcher import Workers
from alembic_safe.bridge.messages import (
    ConnectionOpened,
    EnvironmentNotice,
    Failed,
    Finished,
    GraphRead,
    Job,
    ModelsRead,
    RevisionListed,
    TargetFound,
)
from alembic_safe.bridge.raising import raise_failed
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.facts import Name
from alembic_safe.model.live import Mapped
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class ProbedTarget:
    """A target with its pending range; `listings` are empty unless they were asked for.

    `mapped` is what the project's `target_metadata` maps; None where env.py gives none.
    """

    found: TargetFound
    listings: tuple[RevisionListing, ...] = ()
    mapped: Mapped | None = None


@dataclass(frozen=True, slots=True)
class Probed:
    """What one execution of env.py showed. `pooled`: the project's driver talks to a pooler."""

    section: str
    graph: GraphRead
    targets: tuple[ProbedTarget, ...]
    notices: tuple[EnvironmentNotice, ...] = ()
    pooled: bool = False


@dataclass(slots=True)
class _Collected:
    graph: GraphRead | None = None
    targets: list[ProbedTarget] = field(default_factory=list)
    notices: list[EnvironmentNotice] = field(default_factory=list)
    pooled: bool = False
    mapped: Mapped | None = None


def probe(
    workers: Workers,
    job: Job,
    *,
    sink: EventSink,
    tick: Callable[[], None],
    meanwhile: Callable[[], None] = lambda: None,
) -> Probed:
    """Execute env.py once, read-only. Raises what the worker reports as its failure.

    `meanwhile` is called once the worker has its job: for work that need not wait for it.
    """
    worker = workers.start()
    worker.give(job)
    meanwhile()
    collected = _Collected()
    for message in worker.messages(tick):
        if isinstance(message, GraphRead):
            collected.graph = message
        elif isinstance(message, TargetFound):
            collected.targets.append(ProbedTarget(message, mapped=collected.mapped))
        elif isinstance(message, ModelsRead):
            collected.mapped = _mapped(message)
        elif isinstance(message, RevisionListed):
            last = collected.targets[-1]
            collected.targets[-1] = replace(last, listings=(*last.listings, message.listing))
        elif isinstance(message, ConnectionOpened):
            pids = (message.driver_pid, message.server_pid)
            collected.pooled |= None not in pids and pids[0] != pids[1]
        elif isinstance(message, EnvironmentNotice):
            collected.notices.append(message)
            sink(Notice(message.message, message.hint))
        elif isinstance(message, Failed):
            raise_failed(message)
        elif isinstance(message, Finished) and message.threads:
            names = ", ".join(message.threads)
            notice = EnvironmentNotice(f"the project left threads running when env.py had ended: {names}")
            collected.notices.append(notice)
            sink(Notice(notice.message))
    if collected.graph is None:
        raise AssertionError("a worker finished without a target, which it reports as a failure")
    return Probed(
        job.section, collected.graph, tuple(collected.targets), tuple(collected.notices), collected.pooled
    )


def _mapped(message: ModelsRead) -> Mapped | None:
    if message.tables is None:
        return None
    return {Name(table.name, table.schema): frozenset(table.columns) for table in message.tables}
