"""The ways out of a state, as values: what each executes, needs and loses, and which is recommended. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from alembic_safe.model.backups import Manifest
from alembic_safe.model.recovery import (
    BY_HAND,
    Diagnosis,
    Evidence,
    HalfRevision,
    LeftObject,
    Remedy,
    SettledStatement,
)
from alembic_safe.model.targets import Dialect
from alembic_safe.quick import dataclass
from alembic_safe.recovery.bringing_back import bring_file_back
from alembic_safe.recovery.proving import mend_by_hand, stamp

_CALM = ("at heads", "behind", "at base", "set back", "interrupted but clean")
_UNDATED = "that it was made before any of this began: nothing here tells when that was"
# the first of these that can be carried out is recommended
_ORDER = (
    "end-session",
    "resume",
    "stamp",
    "roll-back",
    "merge-rows",
    "clean-debris",
    "close",
    "restore",
    "bring-file-back",
    "mend-by-hand",
    "use-newer-tool",
    "name-the-target",
    "declare-repaired",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands behind a remedy: the backup that the run made, if it is listed and sound, and where the rows are.

    `table` is the version table as SQL. `fault` says what is wrong with the backup.
    """

    table: str
    dialect: Dialect
    backup: Manifest | None = None
    fault: str = ""


def remedies(evidence: Evidence, diagnosis: Diagnosis, standing: Standing) -> tuple[Remedy, ...]:
    """The ways out of what was diagnosed; none where nothing needs one."""
    found = [*_of_state(evidence, diagnosis, standing)]
    return tuple(sorted(found, key=lambda one: (one.hindered != "", _ORDER.index(one.name))))


def recommended(offered: Sequence[Remedy], diagnosis: Diagnosis) -> str | None:
    """The remedy to choose; None where none can be carried out, or none is needed."""
    possible = {one.name for one in offered if one.possible and one.name != "declare-repaired"}
    if diagnosis.state == "stamp lost" or not diagnosis.certain:
        # what it would drop may be somebody else's, with rows
        possible.discard("roll-back")
    if any(_UNDATED in one.needs for one in offered):
        possible.discard("restore")
    # resume is only possible where what is unknown may be run again; else nothing here is proven but the backup
    if diagnosis.state == "outcome unknown" and "restore" in possible and "resume" not in possible:
        return "restore"
    return next((name for name in _ORDER if name in possible), None)


def _of_state(evidence: Evidence, diagnosis: Diagnosis, standing: Standing) -> Iterator[Remedy]:
    state = diagnosis.state
    if state == "orphan session":
        yield _end_session(evidence)
    elif state in ("half applied", "outcome unknown"):
        yield from _of_half(evidence, diagnosis, standing)
    elif state == "stamp lost":
        yield stamp(state, evidence, _CALM)
        if evidence.half is not None:
            yield _roll_back(evidence.half, evidence)
    elif state == "newer journal":
        yield _by_other_means(
            "use-newer-tool", "Use the alembic-safe that wrote the journal, or a newer one."
        )
    elif state == "stand-in":
        yield _by_other_means(
            "name-the-target",
            "Name the database that is meant in the project's URL; where this one is to stay as it is, take its comment"
            " away.",
        )
    elif state == "changed by hand":
        yield mend_by_hand(evidence, _CALM)
    elif state == "overlapping rows":
        yield _merge_rows(evidence, standing)
    elif state in ("invalid index", "unfinished detach", "left-over table"):
        yield _clean_debris(evidence)
    elif state == "interrupted but clean":
        yield _close(evidence)
        if any(not one.busy and one.clean for one in evidence.left):
            yield _clean_debris(evidence)
    elif state in ("orphan revision", "newer than the code"):
        yield bring_file_back(evidence, _CALM)
    elif state in ("never stamped", "version table elsewhere", "stamped but never run"):
        yield stamp(state, evidence, _CALM)
    if (
        state in ("stamped but never run", "left-over table")
        and evidence.backup is not None
        and (evidence.half is None or evidence.half.run)
    ):
        yield _restore(standing, evidence)


def _of_half(evidence: Evidence, diagnosis: Diagnosis, standing: Standing) -> Iterator[Remedy]:
    half = evidence.half
    if half is not None:
        yield _resume(half, evidence)
        yield _roll_back(half, evidence)
    if half is not None and not half.run:
        if evidence.backup is not None:
            yield _of_another_day(_restore(standing, evidence), standing)
        return
    yield _restore(standing, evidence)
    yield Remedy(
        "declare-repaired",
        "Close the run on your word: you have repaired by hand what it left, and say how.",
        steps=("the reason is written to the journal",),
        needs=("a reason: --because='...'",),
        loses=("nothing, but nothing is proven either",),
        leads_to=_CALM,
    )


def _resume(half: HalfRevision, evidence: Evidence) -> Remedy:
    done = [one for one in half.standing if one.nature == "definition"]
    again = [one for one in (*half.standing, *half.unknown) if one.nature == "data"]
    harmless = [one for one in half.unknown if one.nature == "definition"]
    steps = (
        [f"leave out {_numbers(done)}, which {'is' if len(done) == 1 else 'are'} in effect"] if done else []
    )
    if again:
        steps.append(f"run {_numbers(again)} again, as its file allows (re-runnable)")
    if harmless:
        steps.append(f"run {_numbers(harmless)} again, which comes to the same end")
    steps.append(f"run the rest of revision {half.revision}, and write its version row")
    return Remedy(
        "resume",
        f"Finish revision {half.revision}: what is in effect is left out, the rest is run.",
        sql=_tidy(half, evidence.left),
        steps=tuple(steps),
        needs=(
            ("the file that was run, unchanged",)
            if half.run
            else (
                "what is there to be as the revision makes it: names were compared, and the schema is afterwards",
            )
        )
        + ("the statements it left out to come with the same text and order",),
        hindered=_no_resume(half) or _still(evidence),
        leads_to=("at heads", "behind", "at base", "invalid index"),
    )


def _still(evidence: Evidence) -> str:
    """That somebody is at work on the revision yet: raw alembic, or the server for one that was killed."""
    return "; ".join(
        f"session {one.session.pid} is at work on statement {one.statement}: wait for its end, or, if nobody waits for"
        f" it any more, `SELECT pg_terminate_backend({one.session.pid})`"
        for one in evidence.at_work
    )


_MARK_NOW = "; if running it again does no harm, write that line into the revision now, and look again"


def _no_resume(half: HalfRevision) -> str:
    """Why the revision cannot be finished; "" where it can."""
    if not half.certain:
        return "more of the revision may be in effect than was journalled"
    if not half.unchanged:
        return "its file is not the one that was run, or is gone"
    if not half.destination:
        return "a downgrade of a merge cannot be told to stop after it"
    rows = [one for one in (*half.standing, *half.unknown) if one.nature == "data"]
    if rows and not half.rerunnable:
        return (
            f"{_numbers(rows)} wrote rows, and the revision does not say `# alembic-safe: re-runnable`:"
            f" left out they would be missing, run again they might be doubled{'' if half.run else _MARK_NOW}"
        )
    unknown = [one for one in half.unknown if one.nature == "definition" and not one.repeatable]
    if unknown:
        return f"whether {_numbers(unknown)} took effect is not known"
    return ""


def _tidy(half: HalfRevision, left: Sequence[LeftObject]) -> tuple[str, ...]:
    """What the statements of the revision left half done, and that must go before it can go on."""
    dropped = " ".join(
        one.sql.lower() for one in half.statements if one.sql.lower().lstrip().startswith("drop")
    )
    texts = " ".join(one.sql.lower() for one in half.statements)
    found: list[str] = []
    for one in left:
        plain = one.name.rpartition(".")[2].strip('"').lower()
        base = plain.rstrip("0123456789").removesuffix("_ccnew").removesuffix("_ccold")
        if one.busy or one.kind == "batch table" or plain in dropped or base not in texts:
            continue
        found += one.clean
    return tuple(found)


def _roll_back(half: HalfRevision, evidence: Evidence) -> Remedy:
    hindered = half.no_undo
    if not half.run:
        hindered = "no run in the journal made it: by its name alone it may be somebody else's, with rows"
    elif not half.certain:
        hindered = "more of the revision may be in effect than was journalled"
    elif half.direction == "downgrade":
        hindered = "what a downgrade took away only a backup has"
    elif half.unknown:
        hindered = f"whether {_numbers(half.unknown)} took effect is not known"
    return Remedy(
        "roll-back",
        f"Take back what is in effect of revision {half.revision}, so that it can be run from its beginning.",
        sql=(*_tidy(half, evidence.left), *half.undo) if not hindered else (),
        loses=half.undo_loses,
        hindered=hindered,
        leads_to=_CALM,
    )


def _of_another_day(restore: Remedy, standing: Standing) -> Remedy:
    """A backup that no run of ours made for this: nobody says when what is there began."""
    made = standing.backup
    if made is None:
        return restore
    at = ", ".join(row for rows in made.heads.values() for row in rows or ()) or "base"
    return replace(
        restore,
        does=f"Put the newest backup, {made.id}, made at {at}, in the target's place; what is here is kept beside it.",
        needs=(*restore.needs, _UNDATED),
    )


def _restore(standing: Standing, evidence: Evidence) -> Remedy:
    made = standing.backup
    if made is None:
        why = standing.fault or "no backup was made before the run"
        return Remedy("restore", "Put a backup in the target's place.", hindered=why, leads_to=_CALM)
    hindered = standing.fault
    last = evidence.last_run
    if not hindered and last is not None and last.run.elsewhere:
        hindered = (
            f"it was made of {last.run.elsewhere}, that this one was copied from;"
            f" `alembic-safe backup restore {made.id}` puts it here all the same"
        )
    if not hindered and made.engine == "external":
        hindered = "it was made by a command of yours, and only that tool restores it"
    if not hindered and made.scope != "full":
        hindered = f"it holds a part alone ({made.scope}), and only a whole one may take the target's place"
    return Remedy(
        "restore",
        f"Put backup {made.id}, made before the run, in the target's place; the old one is kept beside it.",
        steps=(f"alembic-safe backup restore {made.id}",),
        needs=(
            "the right to make a database" if standing.dialect == "postgresql" else "room for a second file",
        ),
        loses=(f"what was written since {_time(made.began)}, which stays in the database that is kept",),
        hindered=hindered,
        leads_to=_CALM,
    )


def _end_session(evidence: Evidence) -> Remedy:
    shown = all(one.session.began for one in evidence.sessions)
    return Remedy(
        "end-session",
        "End the sessions of the dead run on the server; what they had not committed is undone.",
        sql=tuple(f"SELECT pg_terminate_backend({one.session.pid})" for one in evidence.sessions),
        needs=("the role of the session, or pg_signal_backend",),
        loses=("what the session was doing and had not committed",),
        hindered="" if shown else "this role is not shown whose session it is",
        leads_to=(*_CALM, "half applied", "outcome unknown", "invalid index", "unfinished detach"),
    )


def _clean_debris(evidence: Evidence) -> Remedy:
    cleared = [one for one in evidence.left if not one.busy and one.clean]
    stays = [one for one in evidence.left if not one.busy and not one.clean]
    return Remedy(
        "clean-debris",
        "Drop what statements that did not end left, and finish what they left half done.",
        sql=tuple(sql for one in cleared for sql in one.clean),
        loses=tuple(one.loses for one in cleared if one.loses),
        hindered=f"{stays[0].name}: {stays[0].loses}"
        if stays
        else ("" if cleared else "nothing can be cleared now"),
        leads_to=(*_CALM, "overlapping rows", "never stamped"),
    )


def _merge_rows(evidence: Evidence, standing: Standing) -> Remedy:
    rows = dict.fromkeys(one.ancestor for one in evidence.overlaps)
    listed = ", ".join("'" + row.replace("'", "''") + "'" for row in rows)
    return Remedy(
        "merge-rows",
        "Delete the version rows that are ancestors of another: what they say, the other says too.",
        sql=(f"DELETE FROM {standing.table} WHERE version_num IN ({listed})",),
        needs=(
            "that the revisions between them were run: the schema is compared before"
            if evidence.identity is None
            else "that the revisions between them were run: " + _compared(evidence),
        ),
        leads_to=(*_CALM, "invalid index", "stamped but never run"),
    )


def _compared(evidence: Evidence) -> str:
    found = evidence.identity
    if found is None or not found.equal:
        return (
            "the schema was compared, and is that of no revision (`alembic-safe identify` says what differs)"
        )
    return f"the schema is that of {', '.join(' '.join(rows) or 'base' for rows in found.equal)}"


def _close(evidence: Evidence) -> Remedy:
    return Remedy(
        "close",
        "Write the end of the run to the journal: nothing of an unfinished revision is in effect.",
        steps=("the next `alembic-safe upgrade` does so too",)
        if evidence.dead
        else ("what was read in the schema is the proof",),
        leads_to=_CALM[:3],
    )


def _by_other_means(name: str, does: str) -> Remedy:
    return Remedy(name, does, hindered=BY_HAND, leads_to=_CALM)


def _numbers(statements: Sequence[SettledStatement]) -> str:
    """ "statement 1", "statements 1, 2"."""
    listed = ", ".join(str(one.ordinal) for one in statements)
    return f"statement{'' if len(statements) == 1 else 's'} {listed}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
