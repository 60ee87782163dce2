"""The options of where backups lie, who can read them, and of restoring them."""

from __future__ import annotations

from alembic_safe.settings.option import (
    BACKING_UP,
    BACKUP_RESTORE,
    BACKUP_VERIFY,
    FLAG_ONLY,
    NOT_IN_FILE,
    RECOVER,
    REHEARSE,
    WITH_BACKUPS,
    Option,
)

OF_RESTORES: tuple[Option, ...] = (
    Option(
        "backup-store",
        "url",
        "Where backups are kept, when not in a folder: a URL such as s3://bucket/shop, of any kind that fsspec knows. "
        "What is being written stands in backup-dir until it is uploaded.",
        WITH_BACKUPS,
        metavar="URL",
    ),
    Option(
        "backup-recipient",
        "text",
        "Encrypt backups to this public key (age1... or an SSH key's public half). May be given several times.",
        BACKING_UP,
        metavar="KEY",
        repeatable=True,
    ),
    Option(
        "backup-identity",
        "path",
        "The file with the private key (age or SSH) that reads encrypted backups. Never wanted to make one.",
        (BACKUP_VERIFY, BACKUP_RESTORE, REHEARSE, RECOVER),
        NOT_IN_FILE,
        metavar="FILE",
    ),
    Option(
        "restore",
        "switch",
        "Also restore the backup into a scratch database, compare, and say how long it took. "
        "With --restore-url on that server, else on a temporary server of this machine.",
        (BACKUP_VERIFY,),
        FLAG_ONLY,
    ),
    Option(
        "beside",
        "text",
        "Restore into a new database of this name (SQLite: a new file) and leave the target as it is.",
        (BACKUP_RESTORE,),
        FLAG_ONLY,
        metavar="NAME",
    ),
    Option(
        "restore-url",
        "connection",
        "Any database of the server to restore on, if that is not the target's (with --beside) or a temporary one "
        "(with --restore): env:NAME, file:PATH or service=NAME. env.py is not asked then. PostgreSQL only.",
        (BACKUP_RESTORE, BACKUP_VERIFY),
        NOT_IN_FILE,
        metavar="SOURCE",
        secret=True,
    ),
    Option(
        "end-sessions",
        "switch",
        "End the sessions on the target for the moment of the swap; they may connect again at once.",
        (BACKUP_RESTORE, RECOVER),
        FLAG_ONLY,
    ),
    Option(
        "yes",
        "switch",
        "Ask nothing: what a restore would lose was read and is meant.",
        (BACKUP_RESTORE, RECOVER),
        FLAG_ONLY,
    ),
)
