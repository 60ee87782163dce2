"""The options of judging: which revisions, for which server, what is let pass, and what becomes of the plan."""

from __future__ import annotations

from alembic_safe.settings.option import BACKUP_PRUNE, CHECK, FLAG_ONLY, JUDGING, REHEARSE, UPGRADE, Option

JUDGING_REVISIONS: tuple[Option, ...] = (
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
        "dialect",
        "choice",
        "Whose rules apply: PostgreSQL's, SQLite's, or (auto) those of the URL in alembic's configuration.",
        (CHECK, REHEARSE),
        default="auto",
        choices=("auto", "postgresql", "sqlite"),
    ),
    Option(
        "fail-on",
        "choice",
        "The least severity of a finding that ends with exit status 3; `never` is journalled.",
        JUDGING,
        default="error",
        choices=("error", "warning", "never"),
    ),
    Option(
        "allow",
        "allowance",
        "Let the findings of a rule pass. The reason is journalled. May be given several times.",
        JUDGING,
        FLAG_ONLY,
        metavar="RULE=REASON",
        repeatable=True,
    ),
    Option(
        "dry-run",
        "switch",
        "Change nothing and say what would be done. An upgrade shows its plan and ends as the gate would: exit "
        "status 3 where it would be refused.",
        (UPGRADE, BACKUP_PRUNE),
        FLAG_ONLY,
    ),
    Option(
        "plan",
        "path",
        "Apply the plan that `plan --format json --output FILE` wrote, or refuse where anything has changed since.",
        (UPGRADE,),
        FLAG_ONLY,
        metavar="FILE",
    ),
    Option(
        "live",
        "switch",
        "Judge by the target's own catalog and sizes: a database is asked, and nothing is written.",
        (CHECK,),
        FLAG_ONLY,
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
)
