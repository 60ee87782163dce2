"""Every option, declared once: a plain table that imports nothing of the project.

From this table are made the command line's flags, the keys of `[tool.alembic-safe]` in pyproject.toml, the
variables `ALEMBIC_SAFE_*`, the fields that validate them, and the pages of docs/reference. To add an option,
add it here and read it in `assembling.py`.
"""

from __future__ import annotations

from dataclasses import replace

from alembic_safe.settings.option import (
    ALL,
    ANYWHERE,
    BACKING_UP,
    BACKUP_RESTORE,
    BACKUP_VERIFY,
    CHECK,
    DOCTOR,
    FLAG_ONLY,
    HISTORY,
    IDENTIFYING,
    INIT,
    JUDGING,
    NOT_IN_FILE,
    ON_A_JOURNAL,
    ON_A_PROJECT,
    ON_A_TARGET,
    OTHER_VARIABLES,
    PLAN,
    PREFIX,
    REHEARSE,
    RUNNING,
    STAMP,
    STATUS,
    TABLE,
    UPGRADE,
    WEEK,
    WITH_BACKUPS,
    Kind,
    Option,
    Place,
)
from alembic_safe.settings.options_before_a_run import BEFORE_A_RUN
from alembic_safe.settings.options_of_backups import OF_BACKUPS
from alembic_safe.settings.options_of_judging import JUDGING_REVISIONS
from alembic_safe.settings.options_of_recovery import OF_RECOVERY
from alembic_safe.settings.options_of_rehearsals import OF_REHEARSALS
from alembic_safe.settings.options_of_restores import OF_RESTORES

__all__ = [
    "ANYWHERE",
    "BY_NAME",
    "FLAG_ONLY",
    "NOT_IN_FILE",
    "OPTIONS",
    "OTHER_VARIABLES",
    "PREFIX",
    "TABLE",
    "Kind",
    "Option",
    "Place",
    "options_of",
]

OPTIONS: tuple[Option, ...] = (
    Option(
        "config",
        "path",
        "The alembic configuration file. Default: alembic.ini, else pyproject.toml.",
        ALL,
        NOT_IN_FILE,
        short="c",
        metavar="FILE",
        also="ALEMBIC_CONFIG",
    ),
    Option(
        "name",
        "text",
        "The section of the configuration file to use. Given several times, each is a run of its own.",
        ON_A_PROJECT,
        default="alembic",
        short="n",
        metavar="SECTION",
        repeatable=True,
    ),
    Option(
        "x",
        "text",
        "An argument for env.py, as `alembic -x` passes it. May be given several times.",
        ON_A_PROJECT,
        FLAG_ONLY,
        short="x",
        metavar="KEY=VALUE",
        repeatable=True,
        secret=True,
    ),
    Option(
        "start-timeout",
        "duration",
        "How long the project's env.py may take to import and to connect.",
        ON_A_PROJECT,
        default="120s",
        minimum=1,
        maximum=WEEK,
    ),
    Option(
        "control-url",
        "connection",
        "Where our own connection goes, if it cannot go where env.py's goes (behind a pooler, or with "
        "creator=): env:NAME, file:PATH or service=NAME. PostgreSQL only.",
        (*ON_A_TARGET, CHECK),
        metavar="SOURCE",
        secret=True,
    ),
    Option(
        "connect-timeout",
        "duration",
        "How long our own connection may take to open.",
        (*ON_A_TARGET, BACKUP_VERIFY, CHECK),
        default="10s",
        minimum=1,
        maximum=3600,
    ),
    Option(
        "backup-dir",
        "path",
        "The folder that backups are kept in.",
        WITH_BACKUPS,
        default=".alembic-safe/backups",
        metavar="FOLDER",
    ),
    Option(
        "no-backup",
        "reason",
        "Make no backup. The reason is written to the journal.",
        (PLAN, *RUNNING),
        FLAG_ONLY,
        metavar="REASON",
    ),
    Option(
        "backup-jobs",
        "integer",
        "How many tables are dumped, or restored, at a time.",
        (*BACKING_UP, BACKUP_VERIFY, BACKUP_RESTORE, REHEARSE),
        default=2,
        metavar="N",
        minimum=1,
        maximum=32,
    ),
    Option(
        "backup-compression",
        "compression",
        "gzip, zstd or none, with a level where wanted: gzip:1 to gzip:9, zstd:1 to zstd:22.",
        BACKING_UP,
        default="gzip",
        metavar="METHOD[:LEVEL]",
    ),
    Option(
        "pg-bindir",
        "path",
        "The folder with pg_dump and pg_restore of the server's major version. Default: they are looked for.",
        (*BACKING_UP, BACKUP_VERIFY, BACKUP_RESTORE, REHEARSE, DOCTOR, *IDENTIFYING),
        metavar="FOLDER",
    ),
    Option(
        "journal",
        "journal",
        "Where runs are written down: `target`, the database itself, or file:PATH, an SQLite file, which several"
        " databases may share: each run is kept with what lasts of its database, and read for that one alone.",
        (*ON_A_JOURNAL, CHECK),
        default="target",
        metavar="target|file:PATH",
    ),
    Option(
        "journal-schema",
        "text",
        "The schema in the target that holds the journal (PostgreSQL).",
        (*ON_A_JOURNAL, CHECK),
        default="alembic_safe",
        metavar="SCHEMA",
    ),
    Option(
        "wait",
        "duration",
        "How long to wait for another run's deploy lock; 0 ends with exit status 4 at once. `status` waits as long"
        " for what --at-heads and --require ask for.",
        (*RUNNING, BACKUP_RESTORE, STATUS, STAMP),
        default="0",
        minimum=0,
        maximum=WEEK,
    ),
    *BEFORE_A_RUN,
    *OF_RESTORES,
    *OF_REHEARSALS,
    *OF_BACKUPS,
    Option(
        "grace",
        "duration",
        "How long an interrupted revision may take to end by itself, before its session is ended.",
        RUNNING,
        default="5s",
        minimum=0,
        maximum=3600,
    ),
    Option(
        "max-stall",
        "duration",
        "How long the application may wait for a revision before the revision is cut (PostgreSQL).",
        (*RUNNING, REHEARSE),
        default="1s",
        minimum=0.2,
        maximum=3600,
    ),
    Option(
        "max-total-stall",
        "duration",
        "How long the application may wait in all attempts at a revision together (PostgreSQL).",
        RUNNING,
        default="5s",
        minimum=0.2,
        maximum=3600,
    ),
    Option(
        "lock-timeout",
        "duration",
        "How long a statement that stops reads or writes may wait for its lock, and with it whoever waits behind it "
        "(PostgreSQL).",
        RUNNING,
        default="500ms",
        minimum=0.01,
        maximum=3600,
    ),
    Option(
        "max-wait",
        "duration",
        "How long a statement that stops nobody (CONCURRENTLY, VALIDATE, a change of rows) may wait for others' "
        "transactions (PostgreSQL).",
        RUNNING,
        default="10m",
        minimum=0.2,
        maximum=WEEK,
    ),
    Option(
        "retry-deadline",
        "duration",
        "For how long a revision that waited for a lock in vain, or was cut, is tried again; 0 tries once.",
        RUNNING,
        default="3m",
        minimum=0,
        maximum=WEEK,
    ),
    Option(
        "maintenance",
        "reason",
        "The application may be held up for as long as it takes. The reason is written to the journal.",
        RUNNING,
        FLAG_ONLY,
        metavar="REASON",
    ),
    *OF_RECOVERY,
    *JUDGING_REVISIONS,
    Option(
        "scratch",
        "scratch",
        "Where a revision is run that cannot be read without a connection: `auto`, a temporary PostgreSQL server of "
        "this machine; `off`; or a database created on the server that env:NAME, file:PATH or service=NAME names. "
        "`identify`, `stamp` and --check-drift take the target's own server before a temporary one, where the role may "
        "create databases. `rehearse` also takes `target`, the target's own server.",
        (*JUDGING, *IDENTIFYING),
        default="auto",
        metavar="auto|off|SOURCE",
        secret=True,
    ),
    Option(
        "allow-subprocess",
        "switch",
        "Let the project start programs while its revisions run on a scratch database. They are not kept from the "
        "project's own database.",
        (*JUDGING, *IDENTIFYING),
    ),
    Option(
        "check-drift",
        "switch",
        "Refuse where the schema is not what its version rows promise: the history is replayed on a scratch database "
        "and compared.",
        (UPGRADE,),
    ),
    Option(
        "force",
        "reason",
        "Write the version rows although the schema does not prove them. The reason is written to the journal.",
        (STAMP,),
        FLAG_ONLY,
        metavar="REASON",
    ),
    Option(
        "limit",
        "integer",
        "How many runs to show, newest first.",
        (HISTORY,),
        FLAG_ONLY,
        default=20,
        metavar="N",
        minimum=1,
        maximum=100_000,
    ),
    Option(
        "slowest",
        "integer",
        "Show the N slowest statements of the runs shown.",
        (HISTORY,),
        FLAG_ONLY,
        metavar="N",
        minimum=1,
        maximum=10_000,
    ),
    Option(
        "run",
        "text",
        "Show this run, with its steps and statements.",
        (HISTORY,),
        FLAG_ONLY,
        metavar="ID",
    ),
    Option(
        "ci",
        "choice",
        "Whose pipeline to print a snippet for. Default: the one the project seems to use.",
        (INIT,),
        FLAG_ONLY,
        choices=("github", "gitlab"),
    ),
    Option(
        "format",
        "choice",
        "How the result is written.",
        ALL,
        NOT_IN_FILE,
        default="console",
        choices=("console", "json"),
        choices_for=((CHECK, ("sarif", "github", "gitlab", "markdown")), (PLAN, ("markdown",))),
    ),
    Option(
        "output",
        "path",
        "Write the result to FILE instead of to standard output.",
        ALL,
        FLAG_ONLY,
        short="o",
        metavar="FILE",
    ),
    Option("quiet", "switch", "No progress; only the result and errors.", ALL, NOT_IN_FILE, short="q"),
    Option(
        "verbose", "switch", "Also show settings, and each statement as it runs.", ALL, NOT_IN_FILE, short="v"
    ),
)

BY_NAME: dict[str, Option] = {option.name: option for option in OPTIONS}


def options_of(command: str) -> tuple[Option, ...]:
    """The options that a command takes, in the order of the table."""
    return tuple(_narrowed(option, command) for option in OPTIONS if command in option.commands)


def _narrowed(option: Option, command: str) -> Option:
    """The option with the choices that this command has."""
    if not option.choices_for:
        return option
    return replace(option, choices=(*option.choices, *dict(option.choices_for).get(command, ())))
