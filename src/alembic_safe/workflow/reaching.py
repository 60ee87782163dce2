"""Waiting until targets have reached what was asked for, cheaply enough for many pods to poll."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from alembic_safe.bridge.messages import GraphRead
from alembic_safe.errors import UsageError
from alembic_safe.journal import open_journal
from alembic_safe.model.events import EventSink, Waiting
from alembic_safe.settings import Settings, StatusQuery
from alembic_safe.workflow.asking import Site

# one query a target and look; a deploy takes seconds at least
_PAUSE = 1.0


def wanted_revisions(query: StatusQuery, graph: GraphRead) -> tuple[str, ...]:
    """The full ids of what must be applied. Raises `UsageError` for a revision that the checkout lacks."""
    wanted = list(graph.heads) if query.at_heads else []
    for given in query.require:
        exact = [r.id for r in graph.revisions if r.id == given or given in r.labels]
        found = exact or [r.id for r in graph.revisions if r.id.startswith(given)]
        if len(set(found)) != 1 and not exact:
            many = (
                f" is short for several: {', '.join(sorted(found))}" if found else " is not in this checkout"
            )
            raise UsageError(
                f"--require: revision {given}{many}", hint="`alembic history` lists the revisions."
            )
        wanted += exact or found
    return tuple(dict.fromkeys(wanted))


def missing(graph: GraphRead, rows: Iterable[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Those of `wanted` that are neither version rows nor below one. Pure."""
    by_id = {revision.id: revision for revision in graph.revisions}
    applied: set[str] = set()
    todo = list(rows)
    while todo:
        one = todo.pop()
        if one not in applied:
            applied.add(one)
            if one in by_id:
                todo += [*by_id[one].down, *by_id[one].depends_on]
    return tuple(one for one in wanted if one not in applied)


def missing_on(settings: Settings, site: Site) -> tuple[str, ...]:
    """What the target still lacks of what was asked for.

    A version row that this checkout does not know is of a newer one: then the journal says which of our
    revisions were applied on the way there, so that a pod of the code before can still start.
    """
    rows = site.database.read_heads(site.target.version_table) or ()
    wanted = wanted_revisions(settings.wanted, site.graph)
    lacking = missing(site.graph, rows, wanted)
    known = {revision.id for revision in site.graph.revisions}
    if lacking and not known.issuperset(rows):
        journal = open_journal(site.database, settings.journal, create=False)
        if journal is not None:
            applied = journal.applied(str(site.target.version_table), lacking)
            lacking = tuple(one for one in lacking if one not in applied)
            journal.close()
    return lacking


def wait_for(
    settings: Settings, sites: Sequence[Site], *, until: float, sink: EventSink, tick: Callable[[], None]
) -> None:
    """Return when every target has what was asked for, or at `until` (monotonic). env.py is not run again."""
    began = time.monotonic()
    while lacking := [(site, left) for site in sites if (left := missing_on(settings, site))]:
        now = time.monotonic()
        if now >= until:
            return
        site, revisions = lacking[0]
        sink(Waiting(f"revision {', '.join(revisions)} on {site.target.label}", "", now - began))
        pause = min(until, now + _PAUSE)
        while time.monotonic() < pause:
            tick()
            time.sleep(0.1)
