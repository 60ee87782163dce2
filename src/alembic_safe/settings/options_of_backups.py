"""The options that say how much is backed up, by what, from where, and how long it is kept."""

from __future__ import annotations

from alembic_safe.settings.option import (
    APPLYING,
    BACKING_UP,
    BACKUP_VERIFY,
    PLAN,
    PRUNING,
    WEEK,
    Option,
)

OF_BACKUPS: tuple[Option, ...] = (
    Option(
        "backup-scope",
        "choice",
        "How much is backed up: full; touched, the whole schema and the rows of tables that what is pending may "
        "change; schema; none, with --no-backup=REASON. auto takes the least that is a way back, or all where that "
        "is quick.",
        (PLAN, *BACKING_UP),
        default="auto",
        choices=("auto", "none", "schema", "touched", "full"),
    ),
    Option(
        "backup-full-below",
        "size",
        "With --backup-scope auto, a database up to this size is backed up whole: 500MB, 5GB, 0.",
        (PLAN, *BACKING_UP),
        default="5GB",
        metavar="SIZE",
    ),
    Option(
        "backup-command",
        "text",
        "A shell command that makes the backup instead of pg_dump: a snapshot, pgBackRest, WAL-G. It has to say what "
        "it made, see the guide.",
        (PLAN, *BACKING_UP),
        metavar="COMMAND",
    ),
    Option(
        "backup-command-max-age",
        "duration",
        "How long ago the backup that --backup-command tells of may have ended; 0: it is made by the command.",
        BACKING_UP,
        default="0",
        minimum=0,
        maximum=10 * WEEK,
    ),
    Option(
        "backup-url",
        "connection",
        "A replica of the database to dump from instead: env:NAME, file:PATH or service=NAME. PostgreSQL only.",
        BACKING_UP,
        metavar="SOURCE",
        secret=True,
    ),
    Option(
        "replica-wait",
        "duration",
        "How long the replica of --backup-url may take to catch up with the database, and how long a command's log "
        "may take to reach the archive.",
        BACKING_UP,
        default="60s",
        minimum=0,
        maximum=WEEK,
    ),
    Option(
        "keep-daily",
        "integer",
        "Of how many days, that have one, the newest backup is kept.",
        PRUNING,
        default=7,
        metavar="N",
        minimum=0,
        maximum=10_000,
    ),
    Option(
        "keep-weekly",
        "integer",
        "Of how many weeks (ISO, UTC) the newest backup is kept.",
        PRUNING,
        default=4,
        metavar="N",
        minimum=0,
        maximum=10_000,
    ),
    Option(
        "keep-monthly",
        "integer",
        "Of how many months the newest backup is kept.",
        PRUNING,
        default=12,
        metavar="N",
        minimum=0,
        maximum=10_000,
    ),
    Option(
        "prune",
        "switch",
        "After an upgrade or downgrade that went well, remove the backups that need not be kept any more.",
        APPLYING,
    ),
    Option(
        "max-age",
        "duration",
        "End with exit status 7 when the backup is older than this: 26h, 2d.",
        (BACKUP_VERIFY,),
        metavar="DURATION",
        minimum=0,
        maximum=1000 * WEEK,
    ),
)
