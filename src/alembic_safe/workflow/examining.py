"""Evidence and diagnosis of one target: what `status` and `recover` share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from alembic_safe.apply.unfinished import step_outcome
from alembic_safe.errors import UnknownRevisionError
from alembic_safe.journal import JournalReader, open_journal
from alembic_safe.model.recovery import BackedUp, Diagnosis, Evidence
from alembic_safe.model.results import BackupListing
from alembic_safe.recovery.diagnosis import diagnose
from alembic_safe.recovery.evidence import Asked, gather
from alembic_safe.settings import Settings
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.lost_files import found_in_git


@contextmanager
def reading_journal(settings: Settings, site: Site) -> Iterator[tuple[JournalReader | None, str]]:
    """The target's journal, None where there is none; and why it cannot be read, which a newer tool's cannot."""
    try:
        journal = open_journal(site.database, settings.journal, create=False)
    except UnknownRevisionError as error:
        yield None, f"{error.message}. {error.hint}"
        return
    try:
        yield journal, ""
    finally:
        if journal is not None:
            journal.close()


def examine(
    settings: Settings,
    site: Site,
    journal: JournalReader | None,
    *,
    ours: bool = False,
    journal_fault: str = "",
    backups: Sequence[BackupListing] = (),
) -> tuple[Evidence, Diagnosis]:
    """Read what is true of the target now, and name its state. Writes nothing.

    `ours`: the deploy lock is held by this command, so that it tells of no run. `backups` are those of the store,
    newest first. What the next revision would do is looked for where the site has its statements.
    """
    found, database = site.probed.found, site.database
    lock = database.deploy_lock([site.target.version_table], lease_schema=settings.journal.schema)
    asked = Asked(
        target=site.target,
        graph=site.graph,
        pending=found.pending,
        unknown=found.unknown,
        fault=found.fault,
        mapped=site.probed.mapped,
        holder=None if ours else lock.holder() or None,
        quiet=lock.quiet(),
        next=site.listings[0] if site.listings else None,
        journal_fault=journal_fault,
        backed_up=_backed_up(site, backups),
    )
    heads = database.read_heads(site.target.version_table) or ()
    reached = site.graph.reached(heads)
    evidence = gather(
        database, journal, asked, lambda history, step: step_outcome(history, step, heads, reached, database)
    )
    if evidence.lost:
        evidence = replace(evidence, lost=found_in_git(evidence.lost, site.graph, Path.cwd()))
    return evidence, diagnose(evidence)


def _backed_up(site: Site, backups: Sequence[BackupListing]) -> BackedUp | None:
    """The newest backup of the target's database."""
    address, table = site.database.facts.address, str(site.target.version_table)
    made = next((one.manifest for one in backups if one.manifest.address == address), None)
    return BackedUp(made.id, made.began, made.heads.get(table) or ()) if made is not None else None
