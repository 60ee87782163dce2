"""A backup that a command of the user's makes: a snapshot, pgBackRest, WAL-G. What it says of it is checked.

The command writes lines such as `backup-id=20261121-090000F` to stdout; docs/guides/how-much-to-back-up.md
has all of them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from alembic_safe.backup.create import Heads, explained, write_manifest
from alembic_safe.backup.progress import Progress
from alembic_safe.backup.store import new_id
from alembic_safe.backup.stores import open_store
from alembic_safe.databases import (
    current_point,
    make_restore_point,
    run_external,
    system_identifier,
    wait_for_archive,
)
from alembic_safe.errors import BackupError
from alembic_safe.model.backups import MANIFEST_FORMAT, Manifest, RestorePoint
from alembic_safe.model.events import EventSink, Notice, ignore
from alembic_safe.model.policies import BackupPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.targets import DatabaseFacts

KEYS = ("id", "finished", "system", "location", "lsn", "size")
_LINE = re.compile(r"^backup-(" + "|".join(KEYS) + r")=(.*?)\s*$", re.MULTILINE)
_FRACTION = re.compile(r"\.(\d+)")
_LSN = re.compile(r"([0-9A-F]{1,8})/([0-9A-F]{1,8})", re.IGNORECASE)
_CLOCKS = timedelta(seconds=5)  # that two machines' clocks may differ by
_GUIDE = "What it has to write is told in docs/guides/how-much-to-back-up.md, with examples."


def create_external(
    database: Database,
    *,
    policy: BackupPolicy,
    run: str | None,
    heads: Heads,
    sink: EventSink = ignore,
    tick: Callable[[], None] = lambda: None,
) -> Manifest:
    """Run the policy's command, check what it tells of, and enter that in the store. Raises `BackupError`."""
    facts, store = database.facts, open_store(policy)
    store.prepare(None)
    began = datetime.now(timezone.utc)
    identifier = new_id(began, facts.database.rpartition("/")[2])
    postgresql = facts.dialect == "postgresql"
    system = system_identifier(database) if postgresql else facts.database
    before = current_point(database) if postgresql else None
    with _explaining(policy.directory, facts), store.writing(identifier) as folder:
        progress = Progress(sink, tick)
        progress.watch(folder)
        progress.begin("command")
        environment = _environment(database, identifier, run, heads, system, before, began)
        told = _run(policy.command or "", environment, progress)
        finished = check_told(
            told, began=began, now=datetime.now(timezone.utc), system=system, max_age=policy.command_max_age
        )
        point = None
        if before is not None:
            _check_position(told, database)
            point = _point(database, identifier, policy, sink, progress)
        manifest = Manifest(
            format=MANIFEST_FORMAT,
            id=identifier,
            engine="external",
            scope="full",
            run=run,
            database=facts.database,
            address=facts.address,
            server_version=facts.version,
            tool="command",
            tool_version="",
            heads=dict(heads),
            # the moment that the data is of: recovery can go on to the restore point, if the log is there
            began=began if point and point.archived else min(began, finished),
            ended=datetime.now(timezone.utc),
            size=int(told.get("size", "0")),
            files=(),
            tables=(),
            position=before.lsn if before else None,
            why="made by backup-command",
            system=system,
            database_size=facts.size,
            restore_point=point,
            external=told,
        )
        write_manifest(folder, manifest)
    return manifest


@contextmanager
def _explaining(directory: Path, facts: DatabaseFacts) -> Iterator[None]:
    """Say what a full or closed disk is; what the command says of its own disk stays as it is."""
    try:
        yield
    except OSError as error:
        raise explained(error, directory, facts) from error


def _environment(
    database: Database,
    identifier: str,
    run: str | None,
    heads: Heads,
    system: str,
    before: RestorePoint | None,
    began: datetime,
) -> dict[str, str]:
    facts = database.facts
    rows = sorted(row for each in heads.values() for row in each or ())
    values = {
        "ID": identifier,
        "RUN": run or "",
        "DATABASE": facts.database,
        "ADDRESS": facts.address,
        "SERVER_VERSION": facts.version,
        "SYSTEM": system,
        "HEADS": ",".join(rows),
        "BEGAN": began.isoformat(),
        "RESTORE_POINT": identifier if before else "",
        "LSN": before.lsn if before else "",
        "TIMELINE": str(before.timeline) if before else "",
    }
    return {f"SAFE_BACKUP_{name}": value for name, value in values.items()}


def _run(command: str, environment: Mapping[str, str], tick: Callable[[], None]) -> dict[str, str]:
    ended = run_external(command, environment, tick=tick)
    if ended.status != 0:
        how = (
            f"was ended by signal {-ended.status}"
            if ended.status < 0
            else f"ended with status {ended.status}"
        )
        last = (ended.said.strip() or ended.out.strip()).splitlines()[-1:]
        raise BackupError(
            f"the backup command {how}" + (f": {last[0]}" if last else ""),
            hint="Nothing was applied. Run the command by itself, or see what it said.",
            detail=f"{ended.said}\n{ended.out[-2000:]}".strip() or None,
        )
    return {name: value for name, value in _LINE.findall(ended.out) if value}


def check_told(
    told: Mapping[str, str], *, began: datetime, now: datetime, system: str, max_age: float
) -> datetime:
    """When the backup that the command tells of ended. Raises `BackupError` unless it is whole, recent and ours.

    `system` is what the data must be of ("": that cannot be told); `max_age` in seconds before `began`.
    """
    missing = [name for name in ("id", "finished", "system") if not told.get(name)]
    if missing:
        raise BackupError(
            f"the backup command did not say {' and '.join(f'backup-{name}' for name in missing)}",
            hint=_GUIDE,
        )
    if system and told["system"] != system:
        raise BackupError(
            f"the backup command made a backup of {told['system']}, and the database is {system}",
            hint="It backs up another server. " + _GUIDE,
        )
    finished = _time(told["finished"])
    if finished > now + _CLOCKS + timedelta(seconds=55):
        raise BackupError(f"the backup ends in the future: backup-finished={told['finished']}", hint=_GUIDE)
    oldest = began - timedelta(seconds=max_age) - _CLOCKS
    if finished < oldest:
        age = (began - finished).total_seconds()
        raise BackupError(
            f"the backup command tells of a backup that ended {age:.0f} s before it was begun"
            + (f", and {max_age:g} s are allowed" if max_age else ""),
            hint="Have it make a new one, or say how old it may be: `backup-command-max-age`.",
        )
    if not told.get("size", "0").isdigit():
        raise BackupError(f"backup-size={told['size']} is not a number of bytes", hint=_GUIDE)
    return finished


def _time(text: str) -> datetime:
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text), timezone.utc)
        # Python 3.10 takes three or six digits behind the point, and Go writes up to nine
        whole = _FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), text)
        found = datetime.fromisoformat(whole.replace("Z", "+00:00").replace("z", "+00:00"))
    except (ValueError, OverflowError, OSError) as error:
        raise BackupError(
            f"backup-finished={text} is not a time such as 2026-11-21T09:30:00+00:00, nor seconds since 1970",
            hint=_GUIDE,
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _check_position(told: Mapping[str, str], database: Database) -> None:
    """A backup cannot be of a place in the log that the server has not reached: it is another server's."""
    if "lsn" not in told:
        return
    now = current_point(database).lsn
    if _LSN.fullmatch(told["lsn"]) is None:
        raise BackupError(f"backup-lsn={told['lsn']} is not a position such as 0/16B3748", hint=_GUIDE)
    if _position(told["lsn"]) > _position(now):
        raise BackupError(
            f"the backup command tells of a position, {told['lsn']}, that the server has not reached ({now})",
            hint="It backs up another server. " + _GUIDE,
        )


def _position(lsn: str) -> int:
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def _point(
    database: Database, name: str, policy: BackupPolicy, sink: EventSink, tick: Callable[[], None]
) -> RestorePoint:
    """After the backup, since recovery from it can stop only behind its end; before the first change."""
    began = time.monotonic()
    point = make_restore_point(database, name)
    if not point.name:
        hint = (
            "Let its role execute pg_create_restore_point: GRANT EXECUTE ON FUNCTION pg_create_restore_point."
        )
        sink(Notice(f"no restore point was made, for want of rights: the log is at {point.lsn}", hint))
    left = max(1.0, policy.replica_wait - (time.monotonic() - began))
    archived = wait_for_archive(database, point, timeout=left, tick=tick)
    return RestorePoint(point.name, point.lsn, point.timeline, archived)
