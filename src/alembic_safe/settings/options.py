"""Every option, declared once: a plain table that imports nothing of the project.

From this table are made the command line's flags, the keys of `[tool.alembic-safe]` in pyproject.toml, the
variables `ALEMBIC_SAFE_*`, the fields that validate them, and the pages of docs/reference. To add an option,
add it here and read it in `assembling.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal[
    "text",
    "reason",
    "path",
    "duration",
    "integer",
    "choice",
    "switch",
    "compression",
    "journal",
    "connection",
    "allowance",
    "level",
    "hours",
]
Place = Literal["flag", "environment", "file"]

ANYWHERE: tuple[Place, ...] = ("flag", "environment", "file")
NOT_IN_FILE: tuple[Place, ...] = ("flag", "environment")
FLAG_ONLY: tuple[Place, ...] = ("flag",)

UPGRADE, DOWNGRADE, PLAN, STATUS, HISTORY = "upgrade", "downgrade", "plan", "status", "history"
BACKUP_CREATE, BACKUP_LIST, BACKUP_VERIFY = "backup create", "backup list", "backup verify"
INIT, CHECK, EXPLAIN = "init", "check", "explain"

APPLYING = (UPGRADE, DOWNGRADE)
BACKING_UP = (*APPLYING, BACKUP_CREATE)
ON_A_TARGET = (*APPLYING, PLAN, STATUS, HISTORY, BACKUP_CREATE)
ON_A_JOURNAL = (*APPLYING, PLAN, STATUS, HISTORY)
WITH_BACKUPS = (*BACKING_UP, STATUS, BACKUP_LIST, BACKUP_VERIFY)
# what executes the project's code, or may
ON_A_PROJECT = (*ON_A_TARGET, CHECK)
ALL = (*ON_A_PROJECT, BACKUP_LIST, BACKUP_VERIFY, INIT, EXPLAIN)

TABLE = "tool.alembic-safe"
PREFIX = "ALEMBIC_SAFE_"
# Variables with our prefix that are no option: where the traceback of an unexpected error goes.
OTHER_VARIABLES = ("ALEMBIC_SAFE_DEBUG",)


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `default` is written as a person would write it; None means that there is none.

    `minimum` and `maximum` bound integers, and durations in seconds. `places` says where it may be given:
    what is a decision of the moment (a reason, a run to look at) is a flag only. `also` is a variable of
    another tool that is read when ours is not set. `choices_for` gives commands that take more choices than
    the others; then `choices` are the common ones.
    """

    name: str
    kind: Kind
    help: str
    commands: tuple[str, ...]
    places: tuple[Place, ...] = ANYWHERE
    default: str | int | None = None
    short: str = ""
    metavar: str = ""
    repeatable: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()
    choices_for: tuple[tuple[str, tuple[str, ...]], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    also: str = ""

    @property
    def field(self) -> str:
        """The name as a Python identifier: `backup_dir`."""
        return self.name.replace("-", "_")

    @property
    def flag(self) -> str:
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable: `ALEMBIC_SAFE_BACKUP_DIR`."""
        return PREFIX + self.field.upper()

    @property
    def every_choice(self) -> tuple[str, ...]:
        """The choices of all its commands."""
        further = (choice for _, more in self.choices_for for choice in more)
        return tuple(dict.fromkeys([*self.choices, *further]))

    @property
    def shown_metavar(self) -> str:
        """What stands for the value in help: `DURATION`, `console|json`; empty for a switch."""
        if self.kind == "switch":
            return ""
        return self.metavar or "|".join(self.choices) or self.kind.upper()


WEEK = 7 * 24 * 3600

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
        (*ON_A_TARGET, BACKUP_VERIFY),
        metavar="SOURCE",
        secret=True,
    ),
    Option(
        "connect-timeout",
        "duration",
        "How long our own connection may take to open.",
        (*ON_A_TARGET, BACKUP_VERIFY),
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
        APPLYING,
        FLAG_ONLY,
        metavar="REASON",
    ),
    Option(
        "backup-jobs",
        "integer",
        "How many tables are dumped at a time.",
        BACKING_UP,
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
        (*BACKING_UP, BACKUP_VERIFY),
        metavar="FOLDER",
    ),
    Option(
        "journal",
        "journal",
        "Where runs are written down: `target`, the database itself, or file:PATH, an SQLite file.",
        ON_A_JOURNAL,
        default="target",
        metavar="target|file:PATH",
    ),
    Option(
        "journal-schema",
        "text",
        "The schema in the target that holds the journal (PostgreSQL).",
        ON_A_JOURNAL,
        default="alembic_safe",
        metavar="SCHEMA",
    ),
    Option(
        "wait",
        "duration",
        "How long to wait for another run's deploy lock; 0 ends with exit status 4 at once.",
        APPLYING,
        default="0",
        minimum=0,
        maximum=WEEK,
    ),
    Option(
        "wait-for-database",
        "duration",
        "How long to wait, at the start, for a database that cannot be reached yet.",
        ON_A_TARGET,
        default="0",
        minimum=0,
        maximum=WEEK,
    ),
    Option(
        "preflight",
        "level",
        "How a preflight check counts: NAME=refuse, NAME=warn or NAME=off. May be given several times.",
        APPLYING,
        metavar="NAME=LEVEL",
        repeatable=True,
    ),
    Option(
        "old-transaction",
        "duration",
        "From which age on a transaction that holds a lock which the plan needs stops a run.",
        APPLYING,
        default="5m",
        minimum=0,
        maximum=WEEK,
    ),
    Option(
        "not-between",
        "hours",
        "Hours in which nothing is applied: `09:00-17:30`, `Mon-Fri 08:00-20:00 Europe/Berlin`; without a zone, UTC."
        " May be given several times.",
        APPLYING,
        metavar="HOURS",
        repeatable=True,
    ),
    Option(
        "grace",
        "duration",
        "How long an interrupted revision may take to end by itself, before its session is ended.",
        APPLYING,
        default="5s",
        minimum=0,
        maximum=3600,
    ),
    Option(
        "repaired",
        "reason",
        "A person has repaired what a dirty run left. The reason is written to the journal.",
        (UPGRADE,),
        FLAG_ONLY,
        metavar="REASON",
    ),
    Option(
        "since",
        "text",
        "Judge the revisions that were added or changed since the branch left GITREF (the merge base).",
        (CHECK,),
        FLAG_ONLY,
        metavar="GITREF",
    ),
    Option("all", "switch", "Judge every revision, each by itself.", (CHECK,), FLAG_ONLY),
    Option(
        "postgresql-version",
        "integer",
        "The major version of PostgreSQL that the revisions are judged for.",
        (CHECK,),
        default=18,
        metavar="MAJOR",
        minimum=12,
        maximum=99,
    ),
    Option(
        "fail-on",
        "choice",
        "The least severity of a finding that ends with exit status 3.",
        (CHECK,),
        default="error",
        choices=("error", "warning", "never"),
    ),
    Option(
        "allow",
        "allowance",
        "Let the findings of a rule pass. May be given several times.",
        (CHECK,),
        FLAG_ONLY,
        metavar="RULE=REASON",
        repeatable=True,
    ),
    Option(
        "baseline",
        "path",
        "A file of findings that are known and left out; they are told by rule, revision and statement.",
        (CHECK,),
        metavar="FILE",
    ),
    Option(
        "write-baseline",
        "path",
        "Write what is found to FILE, for --baseline, and end with exit status 0.",
        (CHECK,),
        FLAG_ONLY,
        metavar="FILE",
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
        choices_for=((CHECK, ("sarif", "github", "gitlab", "markdown")),),
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
