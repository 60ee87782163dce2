"""The options of what happens before a run: waiting, and preflight."""

from __future__ import annotations

from alembic_safe.settings.option import APPLYING, ON_A_TARGET, WEEK, Option

BEFORE_A_RUN: tuple[Option, ...] = (
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
)
