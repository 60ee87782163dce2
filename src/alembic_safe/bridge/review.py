"""One review, from the supervisor's side: every revision of the directory with its statements, no database."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field, replace

from alembic_safe.bridge.launcher import Workers
from alembic_safe.bridge.messages import (
    EnvironmentNotice,
    Failed,
    GraphRead,
    Job,
    ReviewBegun,
    RevisionListed,
)
from alembic_safe.bridge.raising import raise_failed
from alembic_safe.errors import AlembicSafeError, ProjectError, WorkerError
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.model.targets import Dialect
from alembic_safe.quick import dataclass

# what executing env.py offline cannot help: the revision asks a database, which there is none
_WANTS_A_DATABASE = re.compile(r"NoneType|MockConnection|RefusedWhileRendering|TooLongError")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A section's revisions, oldest first: one list a target (env.py may configure several), all alike in ids.

    Texts hold literals as written: whoever shows them masks them. `chosen` are the ids that were asked for; of
    those, `downgrades` holds what could be seen of the way back, a list a target again. `kept` is the file for
    the schema before the first chosen one ("" where there is to be none), `skipped` that it stands for those
    before.
    """

    section: str
    graph: GraphRead
    targets: tuple[tuple[RevisionListing, ...], ...]
    downgrades: tuple[tuple[RevisionListing, ...], ...]
    chosen: tuple[str, ...]
    notices: tuple[str, ...] = ()
    kept: str = ""
    skipped: bool = False
    dialect: Dialect = "postgresql"


def review(workers: Workers, job: Job, *, sink: EventSink, tick: Callable[[], None]) -> Reviewed:
    """Render every revision, without env.py if that does, else with it.

    Raises what the worker reports as its failure. An env.py that cannot be executed without a database is a
    notice, as long as the revisions themselves could be loaded.
    """
    plain, fault = _attempt(workers, job, sink, tick)
    if isinstance(fault, WorkerError):  # its process hung or died, which env.py will not heal
        raise fault
    why = fault.message if fault else _why_env(plain)
    if not why:
        return plain.reviewed(job)
    if not plain.skipped:
        plain.kept = ""  # what was seen without env.py is not all that there is
    through, second = _attempt(workers, replace(job, environment=True), sink, tick)
    if second is None:
        return _better(plain, through).reviewed(job)
    said = f"env.py cannot be executed without a database: {second.message}"
    if fault is None:
        notice = f"{said} (it was tried since {why})"
        sink(Notice(notice, second.hint))
        plain.notices.append(notice)
        return plain.reviewed(job)
    if second.message == fault.message:
        raise fault
    raise ProjectError(fault.message, hint=fault.hint, detail="\n".join(filter(None, [fault.detail, said])))


@dataclass(slots=True)
class _Collected:
    graph: GraphRead | None = None
    chosen: tuple[str, ...] = ()
    wants_env: str = ""
    kept: str = ""
    skipped: bool = False
    dialect: Dialect = "postgresql"
    targets: list[list[RevisionListing]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def listings(self) -> list[RevisionListing]:
        return [listing for target in self.targets for listing in target]

    def reviewed(self, job: Job) -> Reviewed:
        assert self.graph is not None
        # tenants that are alike are judged once
        targets = tuple(dict.fromkeys(tuple(target) for target in self.targets))
        forward = tuple(tuple(one for one in each if one.direction == "upgrade") for each in targets)
        back = tuple(tuple(one for one in each if one.direction == "downgrade") for each in targets)
        notices = tuple(self.notices)
        return Reviewed(
            job.section,
            self.graph,
            forward,
            back,
            self.chosen,
            notices,
            self.kept,
            self.skipped,
            self.dialect,
        )


def _attempt(
    workers: Workers, job: Job, sink: EventSink, tick: Callable[[], None]
) -> tuple[_Collected, AlembicSafeError | None]:
    """What one worker told, and the error that it ended with."""
    collected = _Collected()
    try:
        worker = workers.start()
        worker.give(job)
        for message in worker.messages(tick):
            if isinstance(message, GraphRead):
                collected.graph = message
            elif isinstance(message, ReviewBegun):
                collected.chosen, collected.wants_env = message.chosen, message.wants_env
                collected.kept, collected.skipped = message.kept, message.skipped
                collected.dialect = message.dialect
                collected.targets.append([])
            elif isinstance(message, RevisionListed):
                collected.targets[-1].append(message.listing)
            elif isinstance(message, EnvironmentNotice):
                collected.notices.append(message.message)
                sink(Notice(message.message, message.hint))
            elif isinstance(message, Failed):
                raise_failed(message)
    except AlembicSafeError as error:
        return collected, error
    return collected, None


def _why_env(plain: _Collected) -> str:
    """Why env.py could make more of the directory known; "" where it could not."""
    if plain.wants_env:
        return plain.wants_env
    if plain.graph is not None and not plain.graph.revisions:
        return "no revision was found without it"
    for listing in (one for one in plain.listings if one.direction == "upgrade"):
        if listing.not_inspectable and not _WANTS_A_DATABASE.search(listing.not_inspectable):
            return f"revision {listing.revision.id} says: {listing.not_inspectable}"
    return ""


def _better(plain: _Collected, through: _Collected) -> _Collected:
    """What env.py made of the directory, unless it hides what could be seen without it."""
    unread = [sum(bool(one.not_inspectable) for one in each.listings) for each in (plain, through)]
    fewer = (
        plain.graph is not None
        and through.graph is not None
        and (len(through.graph.revisions) < len(plain.graph.revisions))
    )
    return plain if fewer or (plain.graph is not None and unread[1] > unread[0]) else through
