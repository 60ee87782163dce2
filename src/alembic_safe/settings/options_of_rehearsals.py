"""The options of rehearsals: what the clone is made from, what is asked of it, and budgets."""

from __future__ import annotations

from alembic_safe.settings.option import CHECK, FLAG_ONLY, REHEARSE, UPGRADE, WEEK, Option

OF_REHEARSALS: tuple[Option, ...] = (
    Option(
        "rehearse",
        "switch",
        "First run what is pending on a clone of the backup that was just made; the gate judges what was seen there. "
        "With `check`: also run the revisions on a clone that holds what the history before them makes.",
        (UPGRADE, CHECK),
    ),
    Option(
        "from",
        "rehearsal",
        "What the clone is made from: `backup`, the newest full one of the target, or backup:ID; `schema`, the "
        "target's without rows; `base`, the history, so that no database is asked; or all that the database holds "
        "which env:NAME, file:PATH or service=NAME names (PostgreSQL).",
        (REHEARSE,),
        FLAG_ONLY,
        default="backup",
        metavar="backup|schema|base|SOURCE",
        secret=True,
    ),
    Option(
        "keep",
        "switch",
        "Leave the clone on the server that --scratch names, to be looked at; its name is said. Drop it yourself.",
        (REHEARSE,),
        FLAG_ONLY,
    ),
    Option(
        "max-time",
        "duration",
        "End with exit status 3 where all revisions together are expected to take longer on the target.",
        (REHEARSE,),
        metavar="DURATION",
        minimum=0,
        maximum=WEEK,
    ),
    Option(
        "round-trip",
        "switch",
        "Then downgrade to where it began and upgrade again: the schema must be what it was, and data that does not "
        "come back is named.",
        (REHEARSE,),
        FLAG_ONLY,
    ),
    Option(
        "each",
        "switch",
        "The round trip of each revision by itself, from the last one back.",
        (REHEARSE,),
        FLAG_ONLY,
    ),
    Option(
        "check-command",
        "text",
        "A command of yours that shows that the running application's code works, run on the clone (its PG* variables "
        "and ALEMBIC_SAFE_CLONE_URL lead there) before the first revision and after each.",
        (REHEARSE,),
        metavar="COMMAND",
    ),
    Option(
        "check-sql",
        "path",
        "A file of the running application's SQL, run on the clone as --check-command is, and rolled back.",
        (REHEARSE,),
        metavar="FILE",
        repeatable=True,
    ),
)
