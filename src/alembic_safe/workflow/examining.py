"""Evidence and diagnosis of one target: what `status` and `recover` share."""

from __future__ import annotations

from alembic_safe.apply.unfinished import step_outcome
from alembic_safe.journal import JournalReader
from alembic_safe.model.recovery import Diagnosis, Evidence
from alembic_safe.recovery.diagnosis import diagnose
from alembic_safe.recovery.evidence import Asked, gather
from alembic_safe.settings import Settings
from alembic_safe.workflow.asking import Site


def examine(
    settings: Settings, site: Site, journal: JournalReader | None, *, ours: bool = False
) -> tuple[Evidence, Diagnosis]:
    """Read what is true of the target now, and name its state. Writes nothing.

    `ours`: the deploy lock is held by this command, so that it tells of no run.
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
    )
    heads = database.read_heads(site.target.version_table) or ()
    evidence = gather(
        database, journal, asked, lambda history, step: step_outcome(history, step, heads, database)
    )
    return evidence, diagnose(evidence)
