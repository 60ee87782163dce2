"""A clone that was filled from a backup proves that it restores: its rows are counted, and the backup's record says so.

That a dump did not load is the rehearsal's own error and is not written down here: the nearest server at hand may be
to blame, and `backup verify --restore` says. The copy of an SQLite file shows no more than `backup verify` does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import field

from alembic_safe.backup import open_store
from alembic_safe.backup.restore.loading import Stopwatch, compare_rows
from alembic_safe.backup.restore.proof import keep_proof, proof_of
from alembic_safe.databases import ScratchPlace
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.restores import Loaded
from alembic_safe.model.scratch import Clone
from alembic_safe.quick import dataclass
from alembic_safe.settings import Settings
from alembic_safe.workflow.proving import not_restored
from alembic_safe.workflow.rehearsal_sources import Origin


@dataclass(slots=True)
class Proven:
    """Called with each clone that was filled. Raises `BackupError` where rows are missing."""

    settings: Settings
    found: Origin
    place: ScratchPlace
    tick: Callable[[], None]
    _done: set[str] = field(default_factory=set)

    def __call__(self, clone: Clone, database: PostgresDatabase | None, watch: Stopwatch) -> None:
        manifest = self.found.manifests.get(clone.stands_for)
        if database is None or manifest is None or manifest.id in self._done:
            return
        self._done.add(manifest.id)
        with watch.part("compare"):
            faults = compare_rows(database, manifest.tables, self.tick)
        durations = {"fetch": self.found.fetched, **watch.durations}
        loaded = Loaded(len(manifest.tables), manifest.rows, durations, faults)
        # a temporary server is told not to wait for the disk, and a real one would
        quick = ", which does not wait for the disk" if self.place.own else ""
        proof = proof_of(
            manifest, loaded, f"a rehearsal's clone ({self.place.server.words}{quick})", durations
        )
        with suppress(AlembicSafeError):
            keep_proof(open_store(self.settings.backup), proof)
        if faults:
            raise not_restored(proof)
