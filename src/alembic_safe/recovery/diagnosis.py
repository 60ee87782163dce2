"""Evidence to the named state of a target. Pure, and never surer than the evidence."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.identity import Identity
from alembic_safe.model.recovery import Diagnosis, Evidence, HalfRevision, LeftObject, LostRevision
from alembic_safe.model.runs import WITHOUT_A_WORD, RunHistory
from alembic_safe.recovery.begun import whole
from alembic_safe.recovery.states import STATES, WELL

# two beats of a lease were missed
_QUIET_SECONDS = 11.0
_MOST = 5
# what the comparison says of a schema that lacks something
_LESS = ("changed by hand", "unknown schema", "stamped but never run", "another revision")
_LEFT = {
    "invalid index": "invalid index",
    "reindex left-over": "invalid index",
    "unfinished detach": "unfinished detach",
    "batch table": "left-over table",
}


def diagnose(evidence: Evidence) -> Diagnosis:
    """The worst of what is true, with the sentences it rests on; what else is true is said after them."""
    state, certain, said = next(_found(evidence))
    return Diagnosis(
        state, STATES[state].exit, (*said, *_besides(evidence, state)), certain, STATES[state].page
    )


def _found(evidence: Evidence) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """Every state that holds, the worst first: name, whether it is certain, sentences."""
    last = evidence.last_run
    if evidence.stands_in:
        yield "stand-in", True, (f"{evidence.stands_in}: is the URL right?",)
    if evidence.journal_fault:
        yield "newer journal", True, (evidence.journal_fault,)
    if last is not None and last.run.outcome == "unfinished" and evidence.lock_holder:
        said = f"run {last.run.id} holds the deploy lock: {evidence.lock_holder}"
        yield "running", not (late := _late(evidence)), (said, *late)
    if evidence.sessions:
        yield "orphan session", True, tuple(_sessions(evidence))
    yield from _unfinished(evidence)
    yield from _rows(evidence)
    yield from _proven(evidence)
    yield from _begun_elsewhere(evidence)
    yield from _left(evidence)
    if evidence.outcome in {"committed", "rolled_back"} or (evidence.dead and evidence.half is None):
        yield "interrupted but clean", True, (_clean(evidence),)
    if before := _set_back(evidence):
        yield "set back", True, (before,)
    yield _well(evidence), True, tuple(_failed(evidence))


def _late(evidence: Evidence) -> tuple[str, ...]:
    """That a lease is not renewed as a run that lives renews it."""
    quiet = evidence.lease_quiet
    if quiet is None or quiet < _QUIET_SECONDS:
        return ()
    return (
        f"its lease was not renewed for {quiet:.0f} s, and a run that lives does so every 5 s: if its process is dead,"
        " the lease ends by itself 30 s after it was renewed last, and the next look tells what the run left",
    )


def _sessions(evidence: Evidence) -> Iterator[str]:
    for one in evidence.sessions:
        doing = f"{one.state or 'it is not shown what it does'}: {one.doing}" if one.doing else one.state
        yield f"session {one.session.pid} of run {one.run}, whose process is dead, is {doing or 'open'}"


def _unfinished(evidence: Evidence) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    half, last = evidence.half, evidence.last_run
    if half is None or not half.run:
        if last is not None and last.run.outcome == "dirty":
            said = f"run {last.run.id} left the target dirty: {last.run.error or 'no reason was written'}"
            yield "outcome unknown", False, (said,)
        return
    standing, unknown = half.standing, half.unknown
    sentences = (*_half(half), *_why(last))
    if standing:
        yield "half applied", half.certain and not unknown, sentences
    elif unknown or not half.certain:
        yield "outcome unknown", False, sentences
    else:
        yield "interrupted but clean", True, sentences


def _why(last: RunHistory | None) -> Iterator[str]:
    """What ended the run, where it could say so itself."""
    if last is None or last.run.outcome != "dirty":
        return
    if last.run.error and WITHOUT_A_WORD not in last.run.error:
        yield f"what ended it: {last.run.error}"


def _half(half: HalfRevision) -> Iterator[str]:
    """What stands of a revision, in words."""
    whose = f"of run {half.run} " if half.run else ""
    what = "upgrade" if half.direction == "upgrade" else "downgrade"
    yield f"the {what} of revision {half.revision} {whose}did not end"
    standing, unknown = half.standing, half.unknown
    if standing:
        yield f"{_count(len(standing), 'statement')} of it {'is' if len(standing) == 1 else 'are'} in effect"
    if unknown:
        numbers = ", ".join(str(one.ordinal) for one in unknown)
        yield f"what became of statement {numbers} is not known: {unknown[0].how}"
    if not half.certain:
        yield "more of it may be in effect than was journalled"
    if not standing and not unknown and half.certain:
        yield "nothing of it is in effect"
    if not half.unchanged:
        yield "its file is not the one that was run, or is gone"


def _rows(evidence: Evidence) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    if evidence.overlaps:
        said = tuple(f"version row {o.ancestor} is an ancestor of {o.descendant}" for o in evidence.overlaps)
        yield "overlapping rows", True, said
    if evidence.lost:
        newer = all(one.leads_here for one in evidence.lost)
        yield "newer than the code" if newer else "orphan revision", True, tuple(_lost(evidence))
    if evidence.no_way:
        yield "no way to the heads", True, (evidence.no_way,)
    if not evidence.heads and evidence.elsewhere:
        said = tuple(f"version table {one.name} has {', '.join(one.rows)}" for one in evidence.elsewhere)
        yield "version table elsewhere", True, said
    if (
        not evidence.heads
        and evidence.mapped_here
        and evidence.last_run is None
        and evidence.identity is None
    ):
        said = (
            f"{_count(evidence.mapped_here, 'table')} of {evidence.mapped} that the models map are there",
        )
        yield "never stamped", False, said
    if evidence.heads and not evidence.pending and evidence.mapped and not evidence.mapped_here:
        said = (f"none of the {evidence.mapped} tables that the models map is there",)
        yield "stamped but never run", True, said


def _proven(evidence: Evidence) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """What the schema itself was found to say of the rows."""
    found = evidence.identity
    if found is None:
        return
    if found.verdict == "never stamped":
        # that a run of ours was here says that there were rows
        yield ("never stamped" if evidence.last_run is None else "stamp lost"), True, (_schema_of(found),)
    elif evidence.gone and found.verdict in _LESS:
        # the journal has the revision as run: that it never was is not what an earlier schema shows
        same = (_schema_of(found),) if found.equal else ()
        yield "changed by hand", True, (*_gone(evidence), *same, *_promised(found))
    elif found.verdict in ("stamped but never run", "another revision") and found.equal and not evidence.lost:
        yield "stamped but never run", True, (_schema_of(found), *_promised(found))
    elif found.verdict == "stamp lost":
        yield "stamp lost", True, (_schema_of(found),)
    elif evidence.mapped_here and not evidence.heads and evidence.last_run is None:
        said = f"{_count(evidence.mapped_here, 'table')} of {evidence.mapped} that the models map are there"
        yield "never stamped", False, (said, *_promised(found))


def _gone(evidence: Evidence) -> Iterator[str]:
    for name, revision in evidence.gone[:_MOST]:
        yield f"table {name}, which revision {revision} made, is not there, and no run in the journal took it away"
    if len(evidence.gone) > _MOST:
        yield f"so are {len(evidence.gone) - _MOST} more"


def _schema_of(found: Identity) -> str:
    """The schema is that of ..."""
    named = [", ".join(rows) or "base" for rows in found.equal]
    rows = ", ".join(found.stamped or ()) or "none"
    return f"the schema is that of {' and of '.join(named)}, and the version rows are {rows}"


def _promised(found: Identity) -> Iterator[str]:
    told = found.to_stamped if found.stamped else found.compared
    what = "what the version rows promise" if found.stamped else f"{', '.join(found.nearest or ()) or 'base'}"
    if told is not None and told.differences:
        differ = "differs" if len(told.differences) == 1 else "differ"
        yield f"{_count(len(told.differences), 'part')} of it {differ} from {what}, the first: {told.differences[0]}"
    if found.why_not:
        yield f"which revision the schema is that of could not be told: {found.why_not}"


def _begun_elsewhere(evidence: Evidence) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """What stands of the next revision although no run of ours began it. Names alone prove no more than that."""
    half = evidence.half
    if half is None or half.run:
        return
    part = "" if whole(half) else " in part"
    said = f"what revision {half.revision} makes is there{part}, and "
    lost = set(evidence.moved_from or ()) - set(evidence.heads or ())
    said += (
        f"the last run left version rows that are gone: {', '.join(sorted(lost))}"
        if lost
        else "no run in the journal began it: raw alembic, a hand or another program did"
    )
    if whole(half) and not evidence.at_work:
        yield "stamp lost", False, (said, "all of it that can be seen is there")
        return
    if lost:
        yield "stamp lost", False, (said,)
        return
    standing = half.standing
    shown = "shows" if len(standing) == 1 else "show"
    sentences = [
        said,
        f"{_count(len(standing), 'statement')} of {len(half.statements)} {shown} in the schema",
    ]
    sentences += [
        f"session {one.session.pid} ({one.state or 'without a name'}) has been at work on statement {one.statement} of"
        f" it for {one.seconds:.0f} s"
        for one in evidence.at_work
    ]
    if half.unknown:
        numbers = ", ".join(str(one.ordinal) for one in half.unknown)
        sentences.append(f"what became of statement {numbers} is not known: {half.unknown[0].how}")
    yield "half applied", False, tuple(sentences)


def _set_back(evidence: Evidence) -> str:
    """What is known of a database that was further on; "" where it was not, or our own downgrade took it back."""
    now = ", ".join(evidence.heads or ()) or "base"
    moved, last = evidence.moved_from, evidence.last_run
    above_now = set(moved or ()) - set(evidence.heads or ())
    if above_now and last is not None and above_now <= set(evidence.pending):
        at = f"{last.run.ended or last.run.began:%Y-%m-%d %H:%M:%S} UTC"
        was = ", ".join(moved or ())
        return f"run {last.run.id} left it at {was} at {at}, and it is at {now}: something else took it back"
    if (above := evidence.above) is not None:
        return (
            f"backup {above.backup} of {above.at:%Y-%m-%d %H:%M:%S} UTC was made at {', '.join(above.heads)}, and it is"
            f" at {now}: an older backup was restored, or something else took it back"
        )
    return ""


def _lost(evidence: Evidence) -> Iterator[str]:
    rows = ", ".join(one.revision for one in evidence.lost)
    yield f"the database is at {rows}, and this checkout ends at {', '.join(evidence.code_heads) or 'base'}"
    for one in evidence.lost:
        yield _about(one)


def _about(one: LostRevision) -> str:
    said = f"no run in the journal applied {one.revision}"
    if one.run is not None:
        said = f"run {one.run} applied {one.revision}"
    if one.commit:
        said += f", whose file commit {one.commit[:12]} has"
    if one.leads_here:
        return f"{said}, which follows from this checkout"
    if one.follows:
        return f"{said}, which follows from {', '.join(one.follows)}"
    return said


def _left(evidence: Evidence) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    still = [one for one in evidence.left if not one.busy]
    for state in ("unfinished detach", "left-over table", "invalid index"):
        here = [one for one in still if _LEFT[one.kind] == state]
        if here:
            yield state, True, tuple(_about_left(one) for one in here)


def _about_left(one: LeftObject) -> str:
    return {
        "invalid index": f"index {one.name} is INVALID",
        "reindex left-over": f"index {one.name} was left by a REINDEX CONCURRENTLY that failed",
        "unfinished detach": f"partition {one.name} is half detached",
        "batch table": f"table {one.name} was left by a batch operation",
    }[one.kind] + (f"; {one.loses}" if one.loses else "")


def _clean(evidence: Evidence) -> str:
    last = evidence.last_run
    if last is None:
        return "nothing of an unfinished revision took effect"
    began = f"{last.run.began:%Y-%m-%d %H:%M:%S} UTC on {last.run.host}"
    said = f"run {last.run.id}, begun {began}, ended without a word"
    step = last.steps[-1].revision if last.steps else ""
    if evidence.outcome == "committed":
        return f"{said}; its last revision {step} is committed whole"
    if evidence.outcome == "rolled_back":
        return f"{said}; nothing of revision {step} took effect"
    return f"{said}, between two revisions"


def _well(evidence: Evidence) -> str:
    if not evidence.pending:
        return "at heads"
    return "behind" if evidence.heads else "at base"


def _failed(evidence: Evidence) -> Iterator[str]:
    last = evidence.last_run
    if last is not None and last.run.outcome in {"failed", "interrupted"} and last.run.error:
        yield f"the last run {last.run.id} {last.run.outcome}: {last.run.error}"


def _besides(evidence: Evidence, state: str) -> Iterator[str]:
    """What else is true and a person should see."""
    if state == "orphan session" and evidence.half is not None:
        yield from _half(evidence.half)
    for one in evidence.left:
        if _LEFT[one.kind] != state:
            busy = ", and somebody may be at work on it" if one.busy else ""
            yield _about_left(one) + busy
    yield from _elsewhere(evidence)
    if state in WELL and evidence.identity is None:
        yield from _gone(evidence)
    yield from _moved(evidence, state)
    for other in evidence.elsewhere:
        if state != "version table elsewhere":
            yield (
                f"another version table, {other.name}, has {', '.join(other.rows)}, of this checkout too: which of them"
                " is env.py to use?"
            )
    for missing in evidence.unseen:
        if state in {"orphan session", "interrupted but clean", "half applied", "outcome unknown"}:
            yield f"not looked at: {missing}"


def _elsewhere(evidence: Evidence) -> Iterator[str]:
    """That the journal came with a copy: what it says is of the original as it was then."""
    last = evidence.last_run
    if last is None or not last.run.elsewhere:
        return
    still = ", where that run may be at work still" if last.run.outcome == "unfinished" else ""
    yield (
        f"run {last.run.id} was made on {last.run.elsewhere}{still}: this database is a copy of that one, or was moved"
        " here, and its journal came with it"
    )
    if evidence.half is not None and evidence.half.unknown and last.run.elsewhere == "another server":
        yield "what became of that run's transactions only that server knows"


def _moved(evidence: Evidence, state: str) -> Iterator[str]:
    """That something else than us changed the rows; and what the schema says of them."""
    moved, found = evidence.moved_from, evidence.identity
    if moved is not None and state != "set back":
        was, now = ", ".join(moved) or "base", ", ".join(evidence.heads or ()) or "base"
        yield f"the last run left the version rows at {was}, and something else than alembic-safe made them {now}"
    if found is not None and state in WELL:
        if found.verdict == "as stamped":
            yield "the schema was compared: it is what the version rows promise"
        else:
            yield from _promised(found)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
