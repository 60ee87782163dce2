"""What `check --live` asks of the targets: which revisions are pending there, the catalog, sizes, what was mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from alembic_safe.bridge import Workers
from alembic_safe.errors import UsageError
from alembic_safe.journal import open_journal
from alembic_safe.model.events import EventSink
from alembic_safe.model.live import LiveFacts, Mapped
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.quick import dataclass
from alembic_safe.settings import Settings
from alembic_safe.sql import Schema
from alembic_safe.workflow import asking
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.gating import name_checkouts
from alembic_safe.workflow.live_look import look_at


@dataclass(frozen=True, slots=True)
class Side:
    """One target beside a review: `schema` is what it holds now, before what is `pending` there."""

    section: str
    pending: frozenset[str]
    live: LiveFacts
    schema: Schema
    mapped: Mapped | None


@contextmanager
def live_sites(
    settings: Settings, workers: Workers, sink: EventSink, tick: Callable[[], None]
) -> Iterator[list[Site]]:
    """The targets, with our own read-only connections to them; none where settings do not say `live`.

    Raises `UsageError` for targets of two kinds, or of another than `--dialect` says.
    """
    if not settings.review.live:
        yield []
        return
    probed = asking.ask(settings, workers, "heads", "upgrade", listing=False, sink=sink, tick=tick)
    asking.refuse_unusable(probed)
    sites = asking.open_sites(probed, settings.control, read_only=True)
    try:
        kinds = {site.target.dialect for site in sites} | ({settings.review.dialect} - {"auto"})
        if len(kinds) > 1:
            raise UsageError(
                f"--live: a review is for one kind of database, and here are {' and '.join(sorted(kinds))}",
                hint="`alembic-safe plan` judges what is pending on each target, whatever it is.",
            )
        name_checkouts(settings, sites)
        yield sites
    finally:
        asking.close_sites(sites)


def major_of(sites: Sequence[Site], otherwise: int) -> int:
    """The oldest major of PostgreSQL among the targets."""
    servers = [site.database.facts for site in sites if site.target.dialect == "postgresql"]
    return min((facts.version_number // 10_000 for facts in servers), default=otherwise)


def dialect_of(sites: Sequence[Site], otherwise: str) -> str:
    """What the targets are, which need not be what the configuration's URL says."""
    return sites[0].target.dialect if sites else otherwise


def side_of(settings: Settings, site: Site, listings: Sequence[RevisionListing]) -> Side:
    """What a target says of what these revisions touch."""
    journal = open_journal(site.database, settings.journal, create=False)
    try:
        live, schema = look_at(site, listings, journal)
    finally:
        if journal is not None:
            journal.close()
    return Side(site.section, frozenset(site.pending), live, schema, site.probed.mapped)
