"""A run as the journal keeps it, at its beginning."""

from __future__ import annotations

import os
from datetime import datetime

from alembic_safe import __version__
from alembic_safe.databases import account_name
from alembic_safe.journal import JournalReader
from alembic_safe.model.runs import RECOVERS, RunRecord
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.context import ci_link, host


def begun(
    site: Site,
    run: str,
    command: str,
    began: datetime,
    *,
    backup: str | None,
    allowances: tuple[tuple[str, str], ...] = (),
) -> RunRecord:
    """A run of `command` on the site's target that begins now, with who runs it and where."""
    return RunRecord(
        id=run,
        command=command,
        target=str(site.target.version_table),
        heads_before=site.target.heads,
        began=began,
        tool_version=__version__,
        server_version=site.database.facts.version,
        who=account_name(),
        host=host(),
        ci_link=ci_link(os.environ),
        backup=backup,
        allowances=allowances,
    )


def unsettled(journal: JournalReader, target: str) -> tuple[tuple[str, str], ...]:
    """The allowance of a run that is to put right what the last one left: if it fails it must not hide that."""
    last = journal.last_run(target)
    if last is None or not (last.run.outcome in {"dirty", "unfinished"} or last.run.recovers):
        return ()
    return ((RECOVERS, last.run.id),)
