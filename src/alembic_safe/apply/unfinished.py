"""What an earlier run left without an end: settled from the database, journalled, and said."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timezone

from alembic_safe.apply.ending import end_sessions
from alembic_safe.apply.settling import Evidence, did_anything, settle
from alembic_safe.errors import DirtyTargetError
from alembic_safe.journal import Journal, JournalReader, transaction_outcome
from alembic_safe.model.protocols import Database
from alembic_safe.model.revisions import Source, Statement
from alembic_safe.model.runs import (
    WITHOUT_A_WORD,
    RunHistory,
    StatementRecord,
    StepOutcome,
    StepRecord,
    application_name,
)


def step_outcome(
    history: RunHistory,
    step: StepRecord,
    heads: tuple[str, ...],
    reached: Collection[str],
    database: Database,
) -> StepOutcome:
    """What became of a step whose end nobody wrote, from the version rows and its transaction's status.

    Nothing is changed. `reached` are the revisions of the rows and all before them: an upgrade whose revision is among
    them is whole, also where somebody has gone on since. A revision is a version row before its downgrade.
    """
    done = step.revision in reached if step.direction == "upgrade" else step.revision not in heads
    if done:
        return "committed"
    on_server = database.facts.dialect == "postgresql"
    mark = None if on_server else database.change_mark()
    here = [s for s in history.statements if s.step == step.ordinal]
    known = on_server or None not in (mark, step.transaction)
    return settle(
        Evidence(
            before=heads,
            now=heads,
            expected=None,
            transaction=transaction_outcome(database, history.run, step.transaction)
            if on_server or not known
            else None,
            changed=None if on_server or not known else step.transaction != mark,
            statements=[_statement(s) for s in here],
            committed=did_anything(_statement(s) for s in here if s.outcome == "done" and not s.autocommit),
            unsure=did_anything(_statement(s) for s in here if s.outcome == "unknown"),
        )
    )


def settle_unfinished(
    database: Database,
    journal: Journal,
    target: str,
    heads: tuple[str, ...],
    reached: Collection[str],
    *,
    repaired: str | None,
) -> tuple[str, ...]:
    """Close the runs on `target` that nobody closed; sentences that say what happened. `reached`: see `step_outcome`.

    The deploy lock must be held: only then is an unfinished run a dead one. Raises `DirtyTargetError` when
    part of a revision is, or may be, committed, unless `repaired` says why that no longer counts.
    """
    said: list[str] = []
    dirty: list[str] = []
    for history in journal.unfinished_runs(target):
        end_sessions(database, application_name(history.run.id))
        sentence, is_dirty = _close(database, journal, history, heads, reached)
        said.append(sentence)
        if is_dirty:
            dirty.append(sentence)
    last = journal.last_run(target)
    if last is not None and (last.run.outcome == "dirty" or last.run.recovers) and not dirty:
        dirty.append(dirty_sentence(last))
    if dirty and repaired is None:
        raise DirtyTargetError(
            dirty[-1],
            hint="`alembic-safe recover` says what of it stands, and which ways lead out.",
        )
    return tuple(said)


def dirty_sentence(history: RunHistory) -> str:
    """What a dirty run left, in one sentence."""
    step = next((s for s in reversed(history.steps) if s.outcome in {"partial", "unknown"}), None)
    if step is None:
        return f"run {history.run.id} left the target dirty: {history.run.error or 'no reason was written'}"
    done = [s for s in history.statements if s.step == step.ordinal and s.autocommit and s.outcome == "done"]
    what, verb = "part of it", "is"
    if done:
        what = f"{len(done)} statements of it" if len(done) > 1 else "1 statement of it"
        verb = "are" if len(done) > 1 else "is"
    if step.outcome != "partial":
        verb = "may be"
    return (
        f"revision {step.revision} of run {history.run.id} is not finished, and {what} {verb} in the database"
    )


def _close(
    database: Database,
    journal: Journal,
    history: RunHistory,
    heads: tuple[str, ...],
    reached: Collection[str],
) -> tuple[str, bool]:
    now = datetime.now(timezone.utc)
    _end_proven_steps(journal, history, now)
    step = next((s for s in reversed(history.steps) if s.outcome == "unfinished"), None)
    outcome = step_outcome(history, step, heads, reached, database) if step else None
    if step is not None and outcome is not None:
        journal.end_step(
            history.run.id,
            step.ordinal,
            outcome=outcome,
            duration=None,
            error="the run ended without a word; settled by a later run",
            ended=now,
            statements=(),
        )
    dirty = outcome in {"partial", "unknown"}
    began = f"{history.run.began:%Y-%m-%d %H:%M:%S} UTC"
    sentence = f"run {history.run.id} of {began} {WITHOUT_A_WORD}" + _about(step, outcome)
    journal.end_run(
        history.run.id,
        outcome="dirty" if dirty else "interrupted",
        heads_after=heads,
        error=sentence,
        ended=now,
    )
    return sentence, dirty


def _end_proven_steps(journal: Journal, history: RunHistory, now: datetime) -> None:
    """Steps that others came after: their commit was read before the next began, only their end is not written."""
    for step in history.steps[:-1]:
        if step.outcome == "unfinished":
            journal.end_step(
                history.run.id,
                step.ordinal,
                outcome="committed",
                duration=None,
                error=None,
                ended=now,
                statements=(),
            )


def _about(step: StepRecord | None, outcome: StepOutcome | None) -> str:
    if step is None:
        return " between two revisions; nothing of it is open"
    return {
        "committed": f"; its last revision {step.revision} is committed",
        "rolled_back": f" in revision {step.revision}, of which nothing took effect",
        "partial": f" in revision {step.revision}, of which part is committed",
    }.get(outcome or "", f" in revision {step.revision}, and what of it took effect cannot be told")


def _statement(record: StatementRecord) -> Statement:
    source = Source(record.file, record.line or 0) if record.file else None
    return Statement(
        record.ordinal,
        record.sql,
        source,
        duration=record.duration,
        rows=record.rows,
        autocommit=record.autocommit,
        error=record.error,
    )


__all__ = ["JournalReader", "application_name", "dirty_sentence", "settle_unfinished", "step_outcome"]
