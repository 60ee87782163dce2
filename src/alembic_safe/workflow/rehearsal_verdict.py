"""The verdict after a rehearsal: what was seen counts, and of what was not seen the first judgement's word. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from alembic_safe.model.findings import Finding, GatePolicy, JudgedRevision, Judgement
from alembic_safe.model.revisions import Statement
from alembic_safe.rules import gate


def with_the_unseen(first: Judgement | None, seen: Judgement, policy: GatePolicy) -> Judgement:
    """`seen`, with the findings of `first` that are about a revision or a statement which the clone did not run.

    Judging a plan again on what a clone was seen to do may take back what was said of that, and of nothing else.
    """
    if first is None:
        return seen
    ran = {one.revision.id: one for one in seen.plan.revisions}
    there = {(one.rule, one.revision, one.line) for one in seen.findings}
    unrun = any(one.revision.id not in ran for one in first.plan.revisions)
    unseen = {one.revision.id: frozenset(_unseen(one, ran)) for one in first.plan.revisions}

    def stands(finding: Finding) -> bool:
        if (finding.rule, finding.revision, finding.line) in there:
            return False
        if finding.revision is None:
            return unrun
        return finding.revision not in ran or finding.statement in unseen.get(finding.revision, ())

    findings = (*seen.findings, *(one for one in first.findings if stands(one)))
    known = {one.revision.id for one in first.plan.revisions}
    revisions = (
        *(ran.get(one.revision.id, one) for one in first.plan.revisions),
        *(one for one in seen.plan.revisions if one.revision.id not in known),
    )
    plan = replace(seen.plan, revisions=revisions)
    return replace(seen, plan=plan, findings=findings, verdict=gate(findings, policy))


def _unseen(listed: JudgedRevision, ran: dict[str, JudgedRevision]) -> Iterator[int]:
    """The ordinals of what was listed and did not run. Rendered and run, a statement may be spelled otherwise: its

    line has then issued as many as were listed of it.
    """
    if listed.revision.id not in ran:
        return
    done = [one.statement for one in ran[listed.revision.id].statements if one.statement.duration is not None]
    texts, issued = {_text(one) for one in done}, Counter(map(_line, done))
    wanted = Counter(_line(one.statement) for one in listed.statements)
    for one in listed.statements:
        line = _line(one.statement)
        covered = line is not None and issued[line] >= wanted[line]
        if not covered and _text(one.statement) not in texts:
            yield one.statement.ordinal


def _text(statement: Statement) -> str:
    return " ".join(statement.sql.split()).rstrip("; ")


def _line(statement: Statement) -> tuple[str, int] | None:
    return None if statement.source is None else (statement.source.file, statement.source.line)
