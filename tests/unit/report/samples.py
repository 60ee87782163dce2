"""Results made by hand, as a shop's database could have given them; hostile ones among them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from alembic_safe.model.backups import BackupFile, Manifest, PlannedBackup, TableContent, Verification
from alembic_safe.model.restores import RestoreProof
from alembic_safe.model.results import (
    AppliedStep,
    AppliedTarget,
    ApplyResult,
    BackupListing,
    BackupResult,
    CheckResult,
    Excerpt,
    ExplainResult,
    Failure,
    HistoryResult,
    InitResult,
    PlannedTarget,
    PlanResult,
    PrunedBackup,
    PruneResult,
    ReportedFinding,
    RestoreResult,
    Result,
    RulePage,
    StatusResult,
    TargetStatus,
    TargetSummary,
)
from alembic_safe.model.revisions import Revision, RevisionListing, Source, Statement
from alembic_safe.model.runs import RunHistory, RunRecord, StatementRecord, StepRecord

BASE = Path("/srv/shop")
NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)

TARGET = TargetSummary("shop", "postgresql", "db.internal:5432/shop", "18.1", "alembic_version", ("3f2a1b",))
EMAIL = f"{BASE}/migrations/versions/5a1b2c_add_email.py"
FILL = f"{BASE}/migrations/versions/9c1d2e_fill_email.py"
MERGE = f"{BASE}/migrations/versions/aaaa01_merge.py"
ADD = Statement(1, "ALTER TABLE users ADD COLUMN email VARCHAR(255)", Source(EMAIL, 12), 0.0021)
INDEX = Statement(
    2, "CREATE INDEX CONCURRENTLY ix_users_email ON users (email)", Source(EMAIL, 14), 3.5, None, True
)
UPDATE = Statement(
    1,
    "UPDATE users\nSET email = lower(login) || '@example.com'\nWHERE email IS NULL AND id > $1 AND id <= $2",
    Source(f"{BASE}/migrations/batches.py", 30),
    181.2,
    70_000,
)


def revision(name: str, message: str, path: str) -> Revision:
    return Revision(name, ("3f2a1b",), (), (), message, path, "0" * 64)


PLANNED_BACKUP = PlannedBackup(
    "touched",
    "pg_dump",
    "rows may change or go in public.users (1.2 GB), of the database's 80.0 GB",
    "copy back",
    ("public.users",),
)


def manifest() -> Manifest:
    return Manifest(
        1, "20260301-115500-shop", "pg_dump", "full", "01JRUN", "shop", "db.internal:5432/shop", "18.1",
        "pg_dump", "18.1", {"alembic_version": ("3f2a1b",)}, NOON - timedelta(minutes=5),
        NOON - timedelta(minutes=5) + timedelta(seconds=4.2), 12_345_678,
        (BackupFile("toc.dat", 12_345_678, "a" * 64),),
        (TableContent("public.users", 70_000), TableContent("public.orders", 1)), "0/1A2B3C4D", "gzip", True,
    )  # fmt: skip


def run(outcome: str = "done") -> RunHistory:
    record = RunRecord(
        "01JRUN", "upgrade", "shop", ("3f2a1b",), NOON - timedelta(minutes=10), "0.1.0", "18.1", "deploy",
        "ci-7", "https://ci.example/run/7", ("9c1d2e",), NOON - timedelta(minutes=6), outcome,  # type: ignore[arg-type]
        "20260301-115500-shop", (("no-backup", "a scratch database"),),
    )  # fmt: skip
    steps = (
        StepRecord("01JRUN", 1, "5a1b2c", "upgrade", NOON, "0" * 64, outcome="committed", duration=3.6),
        StepRecord("01JRUN", 2, "9c1d2e", "upgrade", NOON, "0" * 64, outcome="rolled_back", duration=181.4,
                   error="deadlock detected", attempts=2),
    )  # fmt: skip
    statements = (
        StatementRecord("01JRUN", 1, 1, "d", ADD.sql, EMAIL, 12, NOON, 0.0021, None, "done", False),
        StatementRecord(
            "01JRUN", 2, 1, "d", UPDATE.sql, None, 30, NOON, 181.2, 7, "failed", False, "deadlock"
        ),
    )
    return RunHistory(record, steps, statements)


def plan() -> PlanResult:
    listings = (
        RevisionListing(revision("5a1b2c", "add email to users", EMAIL), "upgrade", (ADD, INDEX)),
        RevisionListing(
            revision("9c1d2e", "fill email", FILL),
            "upgrade",
            (UPDATE,),
            "it reads from its connection",
            Source(FILL, 31),
        ),
        RevisionListing(revision("aaaa01", "merge", MERGE), "upgrade"),
    )
    return PlanResult(
        0,
        (PlannedTarget(TARGET, ("aaaa01",), listings, {"9c1d2e": 184.0}, backup=PLANNED_BACKUP),),
        ("env.py connects twice",),
    )


def applied() -> ApplyResult:
    steps = (
        AppliedStep("5a1b2c", "add email to users", EMAIL, "committed", 3.6, (ADD, INDEX)),
        AppliedStep("9c1d2e", "fill email", FILL, "committed", 184.0, (UPDATE,)),
    )
    target = AppliedTarget(TARGET, "01JRUN", "done", ("3f2a1b",), ("9c1d2e",), manifest().id, steps, (),
                           "restore 20260301-115500-shop into a new database and swap it in")  # fmt: skip
    durations = {"probe": 0.4, "backup": 4.2, "apply": 187.6, "read back": 0.012}
    return ApplyResult(0, "upgrade", (target,), (manifest(),), durations)


def failed() -> ApplyResult:
    steps = (
        AppliedStep("5a1b2c", "add email to users", EMAIL, "committed", 3.6, (ADD, INDEX)),
        AppliedStep("9c1d2e", "fill email", FILL, "rolled_back", 0.9, (), 'relation "user" does not exist'),
    )
    target = AppliedTarget(
        TARGET, "01JRUN", "failed", ("3f2a1b",), ("5a1b2c",), manifest().id, steps, ("aaaa01",)
    )
    error = Failure("RevisionFailedError", "revision 9c1d2e failed", "Mend it and run again.", "LINE 1: ...")
    return ApplyResult(5, "upgrade", (target,), (manifest(),), {"apply": 4.6}, (), error)


def status() -> StatusResult:
    facts = ("the version table has one row, which the checkout knows",)
    target = TargetStatus(
        TARGET,
        "behind",
        ("9c1d2e",),
        ("5a1b2c", "9c1d2e"),
        (),
        run(),
        "pid 4711, deploy",
        manifest(),
        facts,
        PROOF,
    )
    return StatusResult(0, (target,))


EVIL = (
    "[red]x[/red] [link=file:///etc/passwd]y[/link] :bomb: "
    "\x1b[2J\x1b]0;title\x07\x9b31m\r\u202eabc\u2028\x00\ud800"
)


RULE = RulePage(
    "index-build-blocks-writes",
    "error",
    "lock",
    "CREATE INDEX without CONCURRENTLY on a table that is in use.",
    "It takes SHARE on the table for the whole scan: reads go on, every write waits (docs: CREATE INDEX).",
    "with op.get_context().autocommit_block():\n    op.create_index('ix', 't', ['c'], postgresql_concurrently=True)\n",
    ("index-build-blocks-writes",),
)


def finding(**further: Any) -> ReportedFinding:
    values: dict[str, Any] = {
        "rule": RULE.id,
        "severity": "error",
        "message": "builds the index while every write to users waits",
        "recipe": "with op.get_context().autocommit_block():\n    op.create_index('ix_users_email', 'users',"
        " ['email'], postgresql_concurrently=True)\n",
        "revision": "5a1b2c",
        "file": EMAIL,
        "line": 14,
        "statement": 2,
        "objects": ("users",),
        "phase": "expand",
        "allowed": None,
        "hazard": "lock",
        "blocks": ("INSERT, UPDATE, DELETE",),
        "seconds": None,
        "stops": True,
        "fingerprint": "ab" * 32,
        "excerpt": Excerpt(13, ("", "    op.create_index('ix_users_email', 'users', ['email'])", "")),
        **further,
    }
    return ReportedFinding(**values)


def checked() -> CheckResult:
    listing = RevisionListing(revision("5a1b2c", "add email", EMAIL), "upgrade", (ADD, INDEX))
    allowed = finding(
        severity="warning", allowed="the table is small", stops=False, line=12, fingerprint="c" * 64
    )
    note = finding(severity="note", stops=False, line=None, file=None, revision=None, statement=None, excerpt=None,
                   blocks=(), recipe="", message="this checkout has 2 heads", fingerprint="d" * 64)  # fmt: skip
    return CheckResult(
        3, 18, (listing,), (finding(seconds=184.0), note, allowed), "error", 2, (RULE,), str(BASE)
    )


def hostile() -> list[Result]:
    """The same shapes with text that wants to be obeyed: markup, escape sequences, reordering, line ends."""
    evil = EVIL
    target = TargetSummary(evil, "postgresql", evil, evil, evil, (evil,))
    statement = Statement(1, f"{evil}\n{evil}", Source(evil, 1), 1.0, 1, True, True, evil)
    listing = RevisionListing(revision(evil, evil, evil), "upgrade", (statement,), evil, Source(evil, 2))
    step = AppliedStep(evil, evil, evil, "partial", 1.0, (statement,), evil)
    done = AppliedTarget(target, evil, "dirty", (evil,), None, evil, (step,), (evil,), evil)
    good = manifest()
    planned = PlannedBackup("touched", "pg_dump", evil, "copy back", (evil,), (evil,))
    bad = Manifest(
        1, evil, "pg_dump", "full", evil, evil, evil, evil, evil, evil,
        {evil: (evil,), "b": None}, NOON, NOON, 1, (BackupFile(evil, 1, evil),), (TableContent(evil, 1),),
    )  # fmt: skip
    record = RunRecord(evil, evil, evil, (evil,), NOON, evil, evil, evil, evil, evil, (evil,), NOON,
                       "failed", evil, ((evil, evil),), evil)  # fmt: skip
    history = RunHistory(
        record,
        (StepRecord(evil, 1, evil, "upgrade", NOON, evil, error=evil, duration=1.0),),
        (StatementRecord(evil, 1, 1, evil, evil, evil, 1, NOON, 1.0, 1, "failed", True, evil),),
    )
    proof = RestoreProof(evil, NOON, evil, 1.0, 1.0, {evil: 1.0}, 1, 1, (evil,), (evil,))
    state = TargetStatus(target, evil, (evil,), (evil,), (evil,), history, evil, bad, (evil,), proof)
    error = Failure("RevisionFailedError", evil, evil, evil)
    return [
        PlanResult(
            0, (PlannedTarget(target, (evil,), (listing,), {evil: 1.0}, backup=planned),), (evil,), error
        ),
        ApplyResult(6, "upgrade", (done,), (bad, good), {evil: 1.0}, (evil,), error),
        StatusResult(6, (state,), (evil,), error),
        HistoryResult(0, (history,), (), error, (proof, replace(proof, faults=()))),
        HistoryResult(0, (history,), ((evil, evil, evil, 1.0),), error),
        BackupResult(7, "list", (BackupListing(bad, evil, 1.0),), (), (evil,), (evil,), error),
        BackupResult(
            7, "verify", (BackupListing(bad, evil, 1.0, NOON),), (Verification(evil, NOON, 1.0, (evil,)),)
        ),
        InitResult(0, (evil,), (evil,), {evil: f"{evil}\n{evil}"}, error),
        hostile_check(),
        ExplainResult(0, (RulePage(evil, "error", evil, evil, evil, evil, (evil,)),) * 2, error),
    ]


def hostile_check() -> CheckResult:
    evil = EVIL
    statement = Statement(1, f"{evil}\n{evil}", Source(evil, 1))
    listing = RevisionListing(revision(evil, evil, evil), "upgrade", (statement,), evil, Source(evil, 2))
    found = finding(
        rule=evil, message=f"{evil}\n{evil}", recipe=f"{evil}\n{evil}", revision=evil, file=f"/srv/{evil}",
        objects=(evil,), blocks=(evil,), excerpt=Excerpt(13, (evil, evil, evil)),
    )  # fmt: skip
    let = finding(rule=evil, message=evil, allowed=evil, revision=evil)
    rule = RulePage(evil, "error", evil, evil, evil, f"{evil}\n{evil}")
    return CheckResult(
        3, 18, (listing,), (found, let), evil, 0, (rule,), "/srv", (evil,), Failure("X", evil, evil, evil)
    )


PROOF = RestoreProof(
    "20260301-115500-shop",
    NOON,
    "a temporary server",
    82.0,
    18_120.0,
    {"fetch": 1.0, "load": 81.0},
    12,
    90_210,
)


def everyday() -> dict[str, Result]:
    listing = BackupListing(manifest(), "/srv/shop/.alembic-safe/backups/20260301-115500-shop", 300.0, NOON)
    verification = Verification(manifest().id, NOON, 1.4, ("toc.dat: 12 bytes are missing",))
    return {
        "plan": plan(),
        "check": checked(),
        "explain": ExplainResult(0, (RULE,)),
        "explain_all": ExplainResult(0, (RULE, replace(RULE, id="column-dropped", severity="warning"))),
        "applied": applied(),
        "failed": failed(),
        "status": status(),
        "history": HistoryResult(
            0, (run(), run("failed")), proofs=(PROOF, replace(PROOF, faults=("t: 1 row of 2",)))
        ),
        "history_one": HistoryResult(0, (run("interrupted"),)),
        "history_slowest": HistoryResult(0, (run(),), (("9c1d2e", f"{FILL}:30", UPDATE.sql, 181.2),)),
        "backup_create": BackupResult(0, "create", (listing,)),
        "backup_list": BackupResult(0, "list", (listing, listing), (), ("20260101-broken: no manifest",)),
        "backup_prune": PruneResult(
            0,
            False,
            (
                PrunedBackup("20260301-115500-shop", NOON, "full", 12_345_678, True, "the last good one"),
                PrunedBackup(
                    "20260228-115500-shop",
                    NOON,
                    "touched",
                    45_678,
                    False,
                    "a newer one stands for its time",
                    removed=True,
                ),
            ),
        ),
        "backup_verify": BackupResult(7, "verify", (listing,), (verification,)),
        "backup_restore": RestoreResult(
            0,
            manifest().id,
            "shop",
            "shop",
            "shop_before_restore_20260301t120000",
            ("3f2a1b",),
            12,
            184_230,
            {"load": 81.5, "swap": 0.4},
            ("public.orders has 130 rows, 100 in the backup",),
            ("subscription upstream (enabled)",),
            ("view public.recent",),
            (),
            "20260301T120000Z-abc123",
        ),
        "init": InitResult(
            0, ("/srv/shop/pyproject.toml",), (), {"GitHub Actions": "- run: alembic-safe upgrade"}
        ),
    }
