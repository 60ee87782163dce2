"""Fill a clone: with a backup, or with what another database holds now, its schema alone or all of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from alembic_safe.backup.restore.loading import Stopwatch
from alembic_safe.databases import ScratchPlace, open_database
from alembic_safe.databases.postgresql import beside
from alembic_safe.databases.postgresql.clients import major_of
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.dump import dumps_statistics
from alembic_safe.databases.postgresql.foreign import analyze, cut_off
from alembic_safe.databases.postgresql.looking_on import RelationSize
from alembic_safe.databases.postgresql.objects import extensions_of, roles_of
from alembic_safe.databases.postgresql.restore import find_restore_tool
from alembic_safe.databases.postgresql.row_counts import give_row_counts
from alembic_safe.databases.postgresql.server.room import no_room, room_in
from alembic_safe.errors import BackupError, RefusedError, UnreachableError
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.scratch import Clone
from alembic_safe.quick import dataclass

Tick = Callable[[], None]
After = Callable[[Clone, PostgresDatabase | None, Stopwatch], None]
APPLICATION = "alembic-safe/rehearsal"


@dataclass(frozen=True, slots=True)
class Dumped:
    """A dump in `folder`, as the dump tool wrote it; `tool_version` is that tool's.

    `sizes`: it has no rows, and these are the tables that it was made from. Where the tool could, it took their
    planner's statistics along.
    """

    folder: Path
    tool_version: str
    sizes: tuple[RelationSize, ...] | None = None


def _nothing(clone: Clone, database: PostgresDatabase | None, watch: Stopwatch) -> None:
    """Nothing is wanted of a filled clone."""


@dataclass(frozen=True, slots=True)
class Filling:
    """Fills clones by the name of the database that they stand for; one that nothing is known of stays empty.

    `after` is called with each one that was filled, our connection to it (None for a file), and how long what took.
    """

    place: ScratchPlace
    dumps: Mapping[str, Dumped]
    bindir: Path | None
    jobs: int
    tick: Tick
    after: After = _nothing

    def __call__(self, clone: Clone) -> None:
        """Raises `BackupError` where the dump cannot be loaded, `RefusedError` where the server lacks something.

        `UnreachableError` where there is no room for it.
        """
        dumped = self.dumps.get(clone.stands_for)
        if dumped is None:
            return
        watch = Stopwatch()
        if clone.dialect == "sqlite":
            with watch.part("load"), room_in(Path(clone.keywords["database"]).parent):
                for file in dumped.folder.iterdir():
                    shutil.copyfile(file, clone.keywords["database"])
            self.after(clone, None, watch)
            return
        database = open_database(clone.parameters, policy=ControlPolicy(), application_name=APPLICATION)
        assert isinstance(database, PostgresDatabase)
        try:
            try:
                self._load(database, clone, dumped, watch)
            except (BackupError, UnreachableError) as error:
                ours, full = self.place.own, self.place.full
                where = f"in {self.place.folder.parent}" if ours else f"on {self.place.server.words}"
                told = no_room("a clone", where, full, error, ours=ours, other="`--scratch env:NAME`")
                if told is None:
                    raise
                raise told from error
            self.after(clone, database, watch)
        finally:
            database.close()

    def _load(self, database: PostgresDatabase, clone: Clone, dumped: Dumped, watch: Stopwatch) -> None:
        tool = find_restore_tool(database, self.bindir, major_of(dumped.tool_version))
        objects = tool.dumped_objects(dumped.folder, tick=self.tick)
        if missing := beside.unavailable(database, extensions_of(objects)):
            raise RefusedError(
                f"{self.place.server.words} does not have the extension {', '.join(missing)} that the data needs",
                hint="Install it there, or name a server that has it: `--scratch env:NAME`, `--scratch target`.",
            )
        if self.place.own:
            there = {str(row[0]) for row in database.fetch("SELECT rolname::text FROM pg_catalog.pg_roles")}
            for role in roles_of(objects):
                if role not in there:
                    self.place.make_role(role)
        with watch.part("load"):
            # a subscription keeps its database from being dropped, and may be made by a superuser alone
            tool.load(
                dumped.folder, clone.name,
                jobs=self.jobs, tick=self.tick, own=self.place.own, subscriptions=False,
            )  # fmt: skip
        cut_off(database)
        with watch.part("analyze"):
            # a dump with rows holds no statistics: without them the revisions' own queries would take any plan
            if dumped.sizes is not None and not dumps_statistics(dumped.tool_version):
                give_row_counts(database, dumped.sizes)
            # of one without rows ANALYZE would write zeros over what was taken along
            analyze(database, known=dumped.sizes is None)
