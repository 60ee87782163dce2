"""One backup of one database: which scope, by which engine, from where. `upgrade` and `backup create` share it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic_safe.backup import create_backup
from alembic_safe.backup.create import Heads, Source
from alembic_safe.backup.external import create_external
from alembic_safe.bridge.probe import Probed
from alembic_safe.databases import check_replica, open_database
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import Manifest
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.policies import BackupPolicy, ControlPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.scoping import choice_of, content_of

if TYPE_CHECKING:
    from alembic_safe.model.findings import JudgedPlan


def make_backup(
    database: Database,
    *,
    policy: BackupPolicy,
    run: str | None,
    heads: Heads,
    plans: Sequence[JudgedPlan] | None,
    renew: Callable[[], Database],
    sink: EventSink,
    tick: Callable[[], None],
) -> Manifest:
    """Make it as the policy says. `plans` are what is pending on the database, None where that is not known.

    `renew` connects anew as the project does now. Raises `BackupError` and `UnreachableError`.
    """
    if policy.command and policy.scope in ("auto", "full"):
        return create_external(database, policy=policy, run=run, heads=heads, sink=sink, tick=tick)
    choice, catalog = choice_of(policy, database, plans)
    for warning in choice.warnings:
        sink(Notice(warning))
    content, left_out = content_of(choice, catalog, tuple(heads))
    with _replica(database, policy, tick) as replica:
        return create_backup(
            database,
            policy=policy,
            run=run,
            heads=heads,
            sink=sink,
            tick=tick,
            choice=choice,
            source=Source(replica, renew, content, left_out),
        )


def summary(manifest: Manifest) -> str:
    """What was made, for the end of the phase."""
    if manifest.engine == "external":
        return f"{manifest.id}, {manifest.external.get('id', '')}, made by backup-command"
    rows = f"{manifest.rows} row{'' if manifest.rows == 1 else 's'}, read whole"
    scope = "" if manifest.scope == "full" else f"{manifest.scope} ({manifest.why}), "
    return f"{manifest.id}, {scope}{rows}"


def renewed(probed: Sequence[Probed], site: Site, control: ControlPolicy) -> Database:
    """A connection with what env.py connects with now. Raises `BackupError` where it did not come there again."""
    for section in probed:
        for target in section.targets:
            found = target.found.target
            if section.section == site.section and found.ordinal == site.target.ordinal:
                return open_database(found.parameters, policy=control)
    raise BackupError("env.py did not come to the same target again, to renew the password")


@contextmanager
def _replica(database: Database, policy: BackupPolicy, tick: Callable[[], None]) -> Iterator[Database | None]:
    if policy.source is None:
        yield None
        return
    if database.facts.dialect != "postgresql":
        raise BackupError("backup-url is for PostgreSQL, and this is SQLite", hint="Leave `backup-url` out.")
    parameters = ConnectParameters("postgresql", "psycopg", policy.source)
    replica = open_database(parameters, policy=ControlPolicy(policy.source), read_only=True)
    try:
        check_replica(database, replica, timeout=policy.replica_wait, tick=tick)
        yield replica
    finally:
        replica.close()
