"""Evidence to a state, and a state to its ways out."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from alembic_safe.model.backups import Manifest
from alembic_safe.model.identity import Identity
from alembic_safe.model.recovery import (
    BackedUp,
    Evidence,
    HalfRevision,
    LeftObject,
    LostRevision,
    OrphanSession,
    OtherVersionTable,
    Overlap,
    SettledStatement,
)
from alembic_safe.model.runs import RunHistory, RunRecord
from alembic_safe.model.targets import Session
from alembic_safe.recovery.diagnosis import diagnose
from alembic_safe.recovery.doubts import doubted
from alembic_safe.recovery.lost import down_revisions
from alembic_safe.recovery.remedies import Standing, recommended, remedies
from alembic_safe.recovery.states import STATES
from alembic_safe.recovery.timeline import timeline

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
RUN = RunRecord("r1", "upgrade", "alembic_version", (), NOW, "0", "17", "me", "here")
WELL = Evidence(heads=("a1",), code_heads=("a1",), pending=())
TABLE = Standing('"alembic_version"', "postgresql")
_TOOL = ("db", "host", "18.0", "pg_dump", "0")
_BACKUP = Manifest(1, "b1", "pg_dump", "full", "r1", *_TOOL, {"v": ("a1",)}, NOW, NOW, 1, (), ())


def _statement(nature: Any = "definition", standing: Any = "in effect", **more: Any) -> SettledStatement:
    return SettledStatement(1, "create table t ()", "d", nature, standing, "how", **more)


def _half(*statements: SettledStatement, **more: Any) -> HalfRevision:
    given = {"unchanged": True, "rerunnable": False, "certain": True, "destination": "b2", **more}
    return HalfRevision("r1", 1, "b2", "upgrade", statements, **given)


def _ran(ended: Any, **more: Any) -> Evidence:
    history = RunHistory(replace(RUN, outcome=ended))
    return replace(WELL, last_run=history, pending=("b2",), **more)


_LACKS = Identity(stamped=("a1",), equal=(), verdict="changed by hand")
CASES: dict[str, Evidence] = {
    "at heads": WELL,
    "behind": replace(WELL, pending=("b2",)),
    "at base": replace(WELL, heads=None, pending=("a1",)),
    "set back": _ran("done", moved_from=("b2",)),
    "running": _ran("unfinished", lock_holder="pid 1"),
    "interrupted but clean": _ran("unfinished", dead=True, outcome="rolled_back"),
    "half applied": _ran("dirty", half=_half(_statement())),
    "outcome unknown": _ran("dirty", half=_half(_statement("data", "unknown"))),
    "orphan session": _ran(
        "dirty",
        half=_half(_statement()),
        sessions=(OrphanSession(Session(7, "x"), "r1", "active", "q", 1.0),),
    ),
    "invalid index": replace(WELL, left=(LeftObject("invalid index", "public.ix", ("DROP",)),)),
    "unfinished detach": replace(WELL, left=(LeftObject("unfinished detach", "public.p", ("ALTER",)),)),
    "left-over table": replace(WELL, left=(LeftObject("batch table", "t", ("DROP",)),)),
    "overlapping rows": replace(WELL, overlaps=(Overlap("a1", "b2"),)),
    "stamp lost": replace(WELL, pending=("b2",), half=replace(_half(_statement()), run="")),
    "stamped but never run": replace(WELL, mapped=3),
    "changed by hand": replace(WELL, pending=("b2",), gone=(("t", "a1"),), identity=_LACKS),
    "never stamped": replace(WELL, heads=None, pending=("a1",), mapped=3, mapped_here=2),
    "version table elsewhere": replace(
        WELL, heads=(), pending=("a1",), elsewhere=(OtherVersionTable("old.v", ("a1",), ("a1",)),)
    ),
    "newer than the code": replace(WELL, lost=(LostRevision("c3", "r1", follows=("a1",), leads_here=True),)),
    "newer journal": replace(WELL, journal_fault="it has format 9"),
    "orphan revision": replace(WELL, lost=(LostRevision("zz"),)),
    "stand-in": replace(WELL, stands_in="alembic-safe: a scratch database of a command"),
    "no way to the heads": replace(WELL, no_way="there is none"),
}


@pytest.mark.parametrize("state", CASES)
def test_a_state_is_named_and_says_what_status_ends_with(state: str) -> None:
    found = diagnose(CASES[state])
    assert (found.state, found.exit) == (state, STATES[state].exit)
    assert found.exit == 0 or found.sentences


def test_every_state_has_its_page_and_its_case() -> None:
    assert set(STATES) == set(CASES)
    root = Path(__file__).parents[3]
    for state in STATES.values():
        page = (root / state.page).read_text(encoding="utf-8")
        assert page.startswith(f"# {state.name[0].upper()}{state.name[1:]}\n") and state.meaning in " ".join(
            page.split()
        )


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("half applied", "resume"),
        ("orphan session", "end-session"),
        ("invalid index", "clean-debris"),
        ("unfinished detach", "clean-debris"),
        ("overlapping rows", "merge-rows"),
        ("interrupted but clean", "close"),
        ("at heads", None),
        ("running", None),
        ("orphan revision", None),
    ],
)
def test_what_is_recommended(state: str, name: str | None) -> None:
    found = diagnose(CASES[state])
    offered = remedies(CASES[state], found, TABLE)
    assert recommended(offered, found) == name
    assert all(state in STATES for one in offered for state in one.leads_to)


def _offered(half: HalfRevision, name: str) -> Any:
    evidence = _ran("dirty", half=half)
    return next(one for one in remedies(evidence, diagnose(evidence), TABLE) if one.name == name)


@pytest.mark.parametrize(
    "half",
    [
        _half(_statement("data")),
        _half(_statement(), _statement("data", "unknown")),
        _half(_statement(), _statement(standing="unknown")),
        _half(_statement(), unchanged=False),
        _half(_statement(), certain=False),
        _half(_statement(), destination=""),
    ],
)
def test_a_resume_is_never_offered_on_a_guess(half: HalfRevision) -> None:
    assert _offered(half, "resume").hindered


@pytest.mark.parametrize(
    "half",
    [
        _half(_statement()),
        _half(_statement("data"), rerunnable=True),
        _half(_statement(), _statement(standing="unknown", repeatable=True)),
        _half(_statement(), _statement("query", "unknown")),
    ],
)
def test_a_resume_is_offered_where_everything_is_known_or_may_be_repeated(half: HalfRevision) -> None:
    assert not _offered(half, "resume").hindered


@pytest.mark.parametrize(
    ("half", "name"),
    [
        (_half(_statement("data", "unknown")), "restore"),
        (_half(_statement("data", "unknown"), certain=False, rerunnable=True), "restore"),
        (_half(_statement("data", "unknown"), rerunnable=True), "resume"),
        (_half(_statement(standing="unknown", repeatable=True)), "resume"),
    ],
)
def test_of_what_is_not_known_only_what_may_be_run_again_is_resumed(half: HalfRevision, name: str) -> None:
    evidence = _ran("dirty", half=half)
    found = diagnose(evidence)
    assert found.state == "outcome unknown"
    offered = remedies(evidence, found, replace(TABLE, backup=_BACKUP))
    assert recommended(offered, found) == name
    resume = next(one for one in offered if one.name == "resume")
    assert resume.hindered or "run statement 1 again" in resume.steps[0]


def test_what_no_run_of_ours_made_is_not_dropped_by_its_name() -> None:
    """A table of that name may be somebody else's, with rows."""
    begun = replace(_half(_statement(), undo=("DROP TABLE orders",)), run="")
    for half in (begun, replace(_half(_statement(), undo=("DROP TABLE t",)), no_undo="it is applied whole")):
        offered = _offered(half, "roll-back")
        assert offered.hindered and not offered.sql


def test_a_version_row_with_a_quote_is_sql_all_the_same() -> None:
    evidence = replace(WELL, overlaps=(Overlap("a'1", "b2"),))
    (one,) = remedies(evidence, diagnose(evidence), TABLE)
    assert one.sql == ("""DELETE FROM "alembic_version" WHERE version_num IN ('a''1')""",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("down_revision = 'a1'", ("a1",)),
        ("down_revision: str | None = 'a1'", ("a1",)),
        ("down_revision = ('a1', 'b2')", ("a1", "b2")),
        ("down_revision = None", ()),
        ("down_revision = other()", ()),
        ("def f(:", ()),
    ],
)
def test_what_a_kept_text_follows_from(text: str, expected: tuple[str, ...]) -> None:
    assert down_revisions(text) == expected


def test_a_lease_that_is_not_renewed_is_no_sure_sign_of_a_run() -> None:
    lively = _ran("unfinished", lock_holder="root from vm", lease_quiet=3.0)
    quiet = replace(lively, lease_quiet=17.0)
    assert diagnose(lively).certain and not diagnose(quiet).certain
    assert "ends by itself" in diagnose(quiet).sentences[-1]


@pytest.mark.parametrize(("equal", "hindered"), [((("b2",),), False), ((("b2",), ("c3",)), True), ((), True)])
def test_a_stamp_needs_the_proof_of_one_revision(equal: Any, hindered: bool) -> None:
    """Revisions that differ in their rows alone have one schema: no schema tells which of them were run."""
    known = Identity(("c3",), equal=equal, verdict="stamped but never run" if equal else "changed by hand")
    evidence = replace(WELL, heads=("c3",), mapped=2, identity=known)
    (offered,) = (one for one in remedies(evidence, diagnose(evidence), TABLE) if one.name == "stamp")
    assert bool(offered.hindered) == hindered


def test_a_row_that_a_run_of_ours_left_is_not_said_to_be_of_somebody_else() -> None:
    evidence = replace(CASES["stamp lost"], heads=("a1",), moved_from=("b2",))
    assert "the last run left version rows that are gone: b2" in diagnose(evidence).sentences[0]
    assert "no run in the journal began it" in diagnose(CASES["stamp lost"]).sentences[0]


def test_a_lost_stamp_is_never_rolled_back_on_our_advice() -> None:
    """The tables are in use: only their row is gone."""
    half = replace(_half(_statement()), run="", undo=("DROP TABLE t",))
    evidence = replace(WELL, pending=("b2",), half=half)
    found = diagnose(evidence)
    assert recommended(remedies(evidence, found, TABLE), found) is None
    proven = replace(evidence, identity=Identity(("a1",), equal=(("b2",),), verdict="stamp lost"))
    found = diagnose(proven)
    assert found.certain and recommended(remedies(proven, found, TABLE), found) == "stamp"


def test_rows_that_were_lost_are_told_by_the_journal_and_proven_by_the_schema() -> None:
    """A revision with rows of its own would else look half applied: nothing in the schema tells of rows."""
    half = replace(_half(_statement(), _statement("data", "unknown")), run="")
    evidence = replace(_ran("done", moved_from=("b2",)), heads=(), half=half)
    found = diagnose(evidence)
    assert (found.state, found.certain) == ("stamp lost", False) and doubted(evidence, found)
    proven = replace(evidence, identity=Identity((), equal=(("b2",),), verdict="never stamped"))
    assert (diagnose(proven).state, diagnose(proven).certain) == ("stamp lost", True)


def test_rows_that_something_else_wrote_are_doubted() -> None:
    moved = _ran("done", moved_from=("a0",))
    assert doubted(moved, diagnose(moved)) and not doubted(WELL, diagnose(WELL))
    some = replace(WELL, mapped=3, mapped_here=2)
    assert doubted(some, diagnose(some))
    assert not doubted(replace(some, pending=("b2",)), diagnose(replace(some, pending=("b2",))))


def test_an_older_backup_that_was_restored_is_told_by_the_store() -> None:
    made = BackedUp("b", NOW, ("b2",))
    assert diagnose(replace(WELL, pending=("b2",), above=made)).state == "set back"


def test_who_is_at_work_on_what_raw_alembic_began_is_waited_for() -> None:
    one = OrphanSession(Session(7, "x"), "", "psql", "create index", 4.0, statement=2)
    half = replace(_half(_statement(), _statement(standing="not in effect")), run="")
    evidence = replace(WELL, pending=("b2",), half=half, at_work=(one,), backup="b1")
    found = diagnose(evidence)
    assert (found.state, found.certain) == ("half applied", False)
    assert any("session 7 (psql) has been at work on statement 2" in said for said in found.sentences)
    standing = replace(TABLE, backup=_BACKUP)
    offered = {remedy.name: remedy for remedy in remedies(evidence, found, standing)}
    assert "pg_terminate_backend(7)" in offered["resume"].hindered
    # the newest backup may have been made after this began: it is there to be chosen, and not recommended
    assert offered["restore"].possible and "nothing here tells when" in offered["restore"].needs[-1]
    assert recommended(tuple(offered.values()), found) is None
    done = replace(evidence, at_work=())
    assert recommended(remedies(done, diagnose(done), standing), diagnose(done)) == "resume"


def test_a_journal_that_came_with_a_copy_is_told_and_its_backup_is_the_originals() -> None:
    assert not any("copy" in said for said in diagnose(CASES["half applied"]).sentences)
    there = replace(RUN, outcome="dirty", elsewhere="another server", error="no room")
    evidence = replace(CASES["half applied"], last_run=RunHistory(there), backup="b1")
    found = diagnose(evidence)
    assert any("run r1 was made on another server" in said for said in found.sentences)
    assert "what ended it: no room" in found.sentences
    offered = remedies(evidence, found, replace(TABLE, backup=_BACKUP))
    restore = next(one for one in offered if one.name == "restore")
    assert "copied from" in restore.hindered


def test_what_a_row_or_a_path_holds_is_no_command_where_it_is_pasted() -> None:
    evil = "x'; rm -rf ~; '"
    evidence = replace(CASES["orphan revision"], lost=(LostRevision(evil),))
    (remedy,) = remedies(evidence, diagnose(evidence), TABLE)
    command = remedy.steps[0].partition("  (")[0]
    assert shlex.split(command)[:-1] == ["git", "log", "--all", "--oneline", "-G"]
    assert shlex.split(command)[-1] == f"^revision.*{re.escape(evil)}"
    lost = LostRevision("d4", commit="c" * 40, path="v/a b;c.py", follows=("a1",), meets=("a1",))
    evidence = replace(CASES["orphan revision"], lost=(lost,))
    (remedy,) = remedies(evidence, diagnose(evidence), TABLE)
    assert f"git show '{'c' * 12}:v/a b;c.py' > 'v/a b;c.py'" in remedy.steps[1]


def _ways(**more: Any) -> tuple[str, ...]:
    lost = LostRevision("d4", run="r1", commit="c" * 40, path="v/d4.py", branches=("feature/x",), **more)
    evidence = replace(CASES["orphan revision"], lost=(lost,))
    (remedy,) = remedies(evidence, diagnose(evidence), TABLE)
    return remedy.steps


def test_both_ways_on_from_a_lost_revision_are_said() -> None:
    keep, back = _ways(follows=("a1",), meets=("a1",), leads_here=True, same=True, checksum="x")
    assert "feature/x" in keep and "nothing need be done" in keep
    assert f"git show {'c' * 12}:v/d4.py > v/d4.py" in back and "`alembic-safe downgrade a1`" in back
    # what lies between is gone as well: its files are needed too
    _, back = _ways(follows=("c3",), meets=("a1",), leads_here=True)
    assert "git worktree add" in back and "`alembic-safe downgrade a1`" in back


def test_a_run_that_a_later_command_closed_was_not_heard_of_again() -> None:
    killed = replace(
        RUN, outcome="dirty", ended=NOW, error="run r1 of then ended without a word in revision b2"
    )
    said = [one.said for one in timeline([RunHistory(killed)])]
    assert said[1:] == ["run r1 was not heard of again", "a later command closed run r1: dirty"]
    assert not any(
        "what ended it" in one for one in diagnose(_ran("dirty", half=_half(_statement()))).sentences
    )


def test_a_table_that_is_gone_is_said_and_the_schema_is_asked() -> None:
    evidence = replace(WELL, pending=("b2",), gone=tuple((f"t{n}", "a1") for n in range(7)))
    found = diagnose(evidence)
    # a statement that nobody journalled may have dropped it: no state rests on it alone
    assert (found.state, len(found.sentences)) == ("behind", 6) and "so are 2 more" in found.sentences
    assert "table t0, which revision a1 made, is not there" in found.sentences[0]
    assert doubted(evidence, found)
    compared = replace(evidence, identity=replace(_LACKS, verdict="as stamped", equal=(("a1",),)))
    assert diagnose(compared).sentences == ("the schema was compared: it is what the version rows promise",)


def test_what_was_run_and_dropped_was_not_stamped_alone() -> None:
    earlier = replace(_LACKS, verdict="stamped but never run", equal=(("a0",),))
    evidence = replace(WELL, gone=(("t", "a1"),), identity=earlier)
    found = diagnose(evidence)
    assert found.state == "changed by hand"
    offered = remedies(evidence, found, TABLE)
    # the row would be proven, and the rows of the table be forgotten
    assert recommended(offered, found) is None
    assert "without its rows: `alembic-safe stamp a0`" in offered[0].steps[-1]
