"""The options of what happens before a run: waiting, and preflight."""

from __future__ import annotations

from alembic_safe.settings.option import (
    APPLYING,
    DOCTOR,
    DOWNGRADE,
    FLAG_ONLY,
    NOT_IN_FILE,
    ON_A_TARGET,
    STATUS,
    UPGRADE,
    WEEK,
    Option,
)

BEFORE_A_RUN: tuple[Option, ...] = (
    Option(
        "clean",
        "switch",
        "First remove what dead runs left: sessions, databases of killed restores, temporary servers.",
        (DOCTOR,),
        FLAG_ONLY,
    ),
    Option(
        "allow-loss",
        "reason",
        "Let go what the downgrade takes away: rows, values of columns. The reason is written to the journal.",
        (DOWNGRADE,),
        FLAG_ONLY,
        metavar="REASON",
    ),
    Option(
        "at-heads",
        "switch",
        "End with exit status 3 unless every target is at this checkout's heads, or beyond them.",
        (STATUS,),
        FLAG_ONLY,
    ),
    Option(
        "require",
        "text",
        "End with exit status 3 unless REVISION is applied on every target. May be given several times.",
        (STATUS,),
        FLAG_ONLY,
        metavar="REVISION",
        repeatable=True,
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
        "How a preflight check counts: NAME=refuse, NAME=warn or NAME=off; `alembic-safe doctor -v` lists them."
        " May be given several times.",
        (*APPLYING, DOCTOR),
        metavar="NAME=LEVEL",
        repeatable=True,
    ),
    Option(
        "old-transaction",
        "duration",
        "From which age on a transaction that holds a lock which the plan needs stops a run.",
        (*APPLYING, DOCTOR),
        default="5m",
        minimum=0,
        maximum=WEEK,
    ),
    Option(
        "phase",
        "choice",
        "`expand` stops before the first revision that contracts, so that code before and after can run; `all` runs"
        " everything.",
        (UPGRADE,),
        NOT_IN_FILE,
        default="all",
        choices=("expand", "all"),
    ),
    Option(
        "contract-after",
        "duration",
        "How old the expand step of a table must be before a contract step on it is run.",
        (UPGRADE, DOCTOR),
        metavar="DURATION",
        minimum=0,
        maximum=52 * WEEK,
    ),
    Option(
        "old-application",
        "text",
        "The application_name of sessions of the code before, with * and ?; no contract step is run while one is"
        " connected. May be given several times.",
        (UPGRADE, DOCTOR),
        metavar="PATTERN",
        repeatable=True,
    ),
    Option(
        "replica-lag",
        "duration",
        "How far behind a streaming standby may be when a revision begins; it is waited for. Default: it is not.",
        (*APPLYING, DOCTOR),
        minimum=0,
        maximum=WEEK,
    ),
    Option(
        "replica-lag-wait",
        "duration",
        "How long a standby that is too far behind is waited for.",
        APPLYING,
        default="10m",
        minimum=0,
        maximum=WEEK,
    ),
    Option(
        "not-between",
        "hours",
        "Hours in which nothing is applied: `09:00-17:30`, `Mon-Fri 08:00-20:00 Europe/Berlin`; without a zone, UTC."
        " May be given several times.",
        (*APPLYING, DOCTOR),
        metavar="HOURS",
        repeatable=True,
    ),
)
