"""What an option is, and the names of commands and places that the table of options is written with."""

from __future__ import annotations

from keyword import iskeyword
from typing import Literal

from alembic_safe.quick import dataclass

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
    "scratch",
    "allowance",
    "level",
    "hours",
    "url",
    "size",
    "rehearsal",
]
Place = Literal["flag", "environment", "file"]

ANYWHERE: tuple[Place, ...] = ("flag", "environment", "file")
NOT_IN_FILE: tuple[Place, ...] = ("flag", "environment")
FLAG_ONLY: tuple[Place, ...] = ("flag",)

UPGRADE, DOWNGRADE, PLAN, STATUS, HISTORY = "upgrade", "downgrade", "plan", "status", "history"
BACKUP_CREATE, BACKUP_LIST, BACKUP_VERIFY = "backup create", "backup list", "backup verify"
BACKUP_RESTORE = "backup restore"
BACKUP_PRUNE = "backup prune"
INIT, CHECK, EXPLAIN = "init", "check", "explain"
DOCTOR = "doctor"
IDENTIFY, STAMP = "identify", "stamp"
REHEARSE = "rehearse"
RECOVER = "recover"

APPLYING = (UPGRADE, DOWNGRADE)
# what may run revisions
RUNNING = (*APPLYING, RECOVER)
BACKING_UP = (*RUNNING, BACKUP_CREATE)
# what tells a database's revision by its schema
IDENTIFYING = (IDENTIFY, STAMP)
ON_A_TARGET = (
    *APPLYING,
    PLAN,
    REHEARSE,
    STATUS,
    RECOVER,
    *IDENTIFYING,
    HISTORY,
    BACKUP_CREATE,
    BACKUP_RESTORE,
    BACKUP_PRUNE,
    DOCTOR,
)
ON_A_JOURNAL = (
    *RUNNING, PLAN, REHEARSE, STATUS, *IDENTIFYING, HISTORY, BACKUP_RESTORE, BACKUP_PRUNE, DOCTOR,
)  # fmt: skip
WITH_BACKUPS = (*BACKING_UP, REHEARSE, STATUS, BACKUP_LIST, BACKUP_VERIFY, BACKUP_RESTORE, BACKUP_PRUNE)
PRUNING = (*APPLYING, BACKUP_PRUNE)
JUDGING = (CHECK, PLAN, REHEARSE, *APPLYING)
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
        made = self.name.replace("-", "_")
        return f"{made}_" if iskeyword(made) else made

    @property
    def flag(self) -> str:
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable: `ALEMBIC_SAFE_BACKUP_DIR`."""
        return PREFIX + self.name.replace("-", "_").upper()

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
