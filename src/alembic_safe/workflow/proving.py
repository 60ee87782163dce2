"""`backup verify --restore`: a backup restored into a scratch database, compared, timed, and written down."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from alembic_safe.backup.reading import require_key
from alembic_safe.backup.restore.loading import Stopwatch
from alembic_safe.backup.restore.proof import keep_proof, proof_of
from alembic_safe.backup.store import Store
from alembic_safe.backup.verify import Checked
from alembic_safe.errors import BackupError, RefusedError
from alembic_safe.model.events import EventSink
from alembic_safe.model.restores import RestoreProof
from alembic_safe.settings import Settings


def prove(
    settings: Settings, store: Store, checked: Checked, *, sink: EventSink, tick: Callable[[], None]
) -> RestoreProof:
    """Restore the backup, which was found good, and keep what that showed beside it; faults are in the value."""
    from alembic_safe.backup.restore.trying import try_file, try_on_server

    manifest, dump = checked.manifest, checked.dump
    assert manifest is not None
    if manifest.engine == "external":
        raise RefusedError(
            f"backup {manifest.id} was made by a command of yours, and only that tool restores it",
            hint="Prove it with that tool; `alembic-safe backup list --verbose` shows its id.",
        )
    require_key(manifest, settings.backup.identity)
    assert dump is not None
    watch = Stopwatch({"fetch": checked.fetching})
    with ExitStack() as stack:
        if manifest.engine == "sqlite":
            place = stack.enter_context(store.private())
            loaded, where = try_file(manifest, dump, place, tick=tick, watch=watch)
        else:
            loaded, where = try_on_server(
                manifest,
                dump,
                server=settings.elsewhere(),
                bindir=settings.backup.bindir,
                jobs=settings.backup.jobs,
                sink=sink,
                tick=tick,
                watch=watch,
            )
    proof = proof_of(manifest, loaded, where, watch.durations)
    keep_proof(store, proof)
    return proof


def not_restored(proof: RestoreProof) -> BackupError:
    """The error for a backup that did not restore."""
    return BackupError(
        f"backup {proof.backup} does not restore: {proof.faults[0]}",
        hint="Do not rely on it: make another with `alembic-safe backup create`.",
        detail="\n".join(proof.faults),
    )
