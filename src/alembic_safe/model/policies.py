"""What settings mean to one room. Rooms get these, never the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from alembic_safe.model.backups import ScopeChoice
from alembic_safe.quick import dataclass


@dataclass(frozen=True, slots=True)
class ProjectPolicy:
    """Which alembic project, in alembic's own flags. `config` None: alembic.ini, else pyproject.toml."""

    config: Path | None = None
    sections: tuple[str, ...] = ("alembic",)
    x_arguments: tuple[str, ...] = ()
    start_timeout: float = 120.0


@dataclass(frozen=True, slots=True)
class BackupPolicy:
    """How and where backups are made. `skip_reason` set: none is made, and the reason is journalled.

    `compression` is "gzip", "gzip:LEVEL", "zstd", "zstd:LEVEL" or "none". `store` is the URL of a store that is
    not a folder; `directory` then holds what is being written. `recipients` are the public keys that backups are
    encrypted to, `identity` the file with a private key that reads them, wanted for reading only.

    With scope "auto" a database up to `full_below` bytes is backed up whole. `command` makes the backup instead of
    pg_dump; what it tells of may have ended `command_max_age` seconds ago. `source` are libpq keywords of a replica to
    dump from, `replica_wait` the seconds that it has to catch up.
    """

    directory: Path = Path(".alembic-safe/backups")
    skip_reason: str | None = None
    jobs: int = 2
    compression: str = "gzip"
    bindir: Path | None = None
    store: str | None = None
    recipients: tuple[str, ...] = ()
    identity: Path | None = None
    scope: ScopeChoice = "auto"
    full_below: int = 5_000_000_000
    command: str | None = None
    command_max_age: float = 0.0
    source: Mapping[str, str] | None = field(default=None, repr=False)
    replica_wait: float = 60.0


@dataclass(frozen=True, slots=True)
class RestorePolicy:
    """Where a backup is restored to, and what needs no further word from a person.

    `beside` names a database (or an SQLite file) to restore into; None: into the target's place. `try_it`:
    verify a backup by restoring it into a scratch database. `yes`: nothing is asked. `server` are libpq keywords of
    a server to restore on that is not the target's.
    """

    beside: str | None = None
    end_sessions: bool = False
    yes: bool = False
    try_it: bool = False
    server: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RecoveryPolicy:
    """What `recover` is to do: `remedy` None explains. `because` is the reason for what nothing proves.

    `bundle` is the file that everything is written to besides.
    """

    remedy: str | None = None
    because: str | None = None
    explain_only: bool = False
    bundle: Path | None = None


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """Of how many days, ISO weeks and months (UTC, those that have any) the newest backup is kept.

    `prune`: what need not be kept is removed after a run that went well.
    """

    daily: int = 7
    weekly: int = 4
    monthly: int = 12
    prune: bool = False


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """How long the application may be held up, and how often a revision is tried. Seconds throughout.

    `max_stall` bounds one wait of the application for us, `max_total_stall` all of a revision's attempts together;
    `maintenance` (a reason) lifts both. `lock_timeout` is our own wait for a lock that conflicts with reads or
    writes, `max_wait` that of statements which hold nobody up. `retry_deadline` is for how long a revision is tried
    again. `enabled` False: no guard, for measuring what it costs.
    """

    max_stall: float = 1.0
    max_total_stall: float = 5.0
    lock_timeout: float = 0.5
    max_wait: float = 600.0
    retry_deadline: float = 180.0
    maintenance: str | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ApplyPolicy:
    """How revisions are applied. Seconds throughout.

    `wait` bounds the wait for the deploy lock (0: refuse at once). `grace` is how long an interrupted
    revision may take to end by itself before its process and its session are ended.
    """

    wait: float = 0.0
    grace: float = 5.0
    guard: GuardPolicy = field(default_factory=lambda: GuardPolicy())


@dataclass(frozen=True, slots=True)
class JournalPolicy:
    """Where the journal is: in the target (`file` None) under `schema`, or in an SQLite file."""

    schema: str = "alembic_safe"
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class ControlPolicy:
    """How our own connection is made. `keywords` None: with the parameters the project's driver was given.

    `option` is the one that the keywords came from, to be named where they lead nowhere.
    """

    keywords: Mapping[str, str] | None = field(default=None, repr=False)
    connect_timeout: float = 10.0
    option: str = "control-url"
