"""What is known of targets while their database is down: the manifests of backups, and a journal in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from alembic_safe.backup import list_backups, open_store
from alembic_safe.errors import AlembicSafeError
from alembic_safe.journal import open_file
from alembic_safe.model.backups import Manifest
from alembic_safe.settings import Settings

_MOST = 5


def told_without(settings: Settings) -> tuple[str, ...]:
    """Sentences, the surest first; none where nothing is at hand. Raises nothing: it is said beside an error."""
    said: list[str] = []
    with suppress(AlembicSafeError, OSError):
        said += _journalled(settings)
    with suppress(AlembicSafeError, OSError):
        said += _backed_up(settings)
    return tuple(said)


def _journalled(settings: Settings) -> Iterator[str]:
    file = settings.journal.file
    journal = open_file(file, create=False) if file is not None else None
    if journal is None:
        return
    try:
        seen: set[str] = set()
        for history in journal.runs(_MOST * 4):
            run = history.run
            if run.target not in seen and len(seen) < _MOST:
                seen.add(run.target)
                rows = run.heads_after if run.heads_after is not None else run.heads_before
                yield (
                    f"the journal {file} has as the last run on {run.target}: `{run.command}` {run.id} of"
                    f" {run.began:%Y-%m-%d %H:%M:%S} UTC, {run.outcome}, at {', '.join(rows or ()) or 'base'}"
                )
    finally:
        journal.close()


def _backed_up(settings: Settings) -> Iterator[str]:
    listed, _ = list_backups(open_store(settings.backup))
    newest: dict[str, Manifest] = {}
    for one in listed:
        if not one.faults:
            newest.setdefault(one.manifest.address, one.manifest)
    for made in list(newest.values())[:_MOST]:
        rows = ", ".join(row for heads in made.heads.values() for row in heads or ()) or "base"
        before = f", before run {made.run}" if made.run else ""
        yield (
            f"the newest backup of {made.address} is {made.id} of {made.ended:%Y-%m-%d %H:%M:%S} UTC, made at {rows}"
            f"{before}: `alembic-safe backup verify {made.id}`"
        )
