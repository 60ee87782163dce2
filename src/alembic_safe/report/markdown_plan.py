"""`plan` as Markdown for a pull request: what would run, which locks it holds and for how long, what is found. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.results import PlannedRevision, PlannedTarget, PlanResult
from alembic_safe.report.markdown import allowed, code_of, findings, text_of
from alembic_safe.report.wording import at, clean, count, duration

_MOST_REVISIONS = 100


def planned(result: PlanResult) -> str:
    """The comment: a table of revisions and one of locks a target, then the findings."""
    counting = [found for found in result.findings if found.allowed is None]
    verdict = "would be refused" if result.refused else "would pass the gate"
    parts = [f"### alembic-safe plan: {verdict}\n"]
    if result.error is not None:
        parts.append(f"**{text_of(result.error.message)}**\n")
    for target in result.targets:
        parts += ["\n".join(_target(target)) + "\n"]
    parts += findings(counting, result.root, sum(map(len, parts)), "plan")
    parts += [allowed(result.findings)] if len(counting) < len(result.findings) else []
    parts += [f"> {text_of(text)}\n" for text in result.notices[:20]]
    return "\n".join(parts)


def _target(planned: PlannedTarget) -> Iterator[str]:
    target = planned.target
    yield f"**{text_of(target.label)}** ({text_of(target.dialect)} {text_of(target.server_version)})\n"
    if not planned.revisions:
        yield f"{text_of(at(target.heads))}, nothing to do\n"
        return
    yield f"{text_of(at(target.heads))}; {count(len(planned.revisions), 'revision')} to apply\n"
    if planned.backup is not None:
        backup = planned.backup
        yield f"backup: {backup.scope} ({text_of(backup.why)}); way back: {backup.way_back}\n"
    judged = {one.revision: one for one in planned.judged}
    yield "| revision | what | phase | statements | took last time |"
    yield "|---|---|---|---|---|"
    for listing in planned.revisions[:_MOST_REVISIONS]:
        revision = listing.revision
        one = judged.get(revision.id)
        took = planned.expected.get(revision.id)
        statements = "not inspectable" if listing.not_inspectable else str(len(listing.statements))
        cells = [
            _cell(code_of(revision.id)),
            _cell(text_of(clean(revision.message))),
            one.phase if one else "",
            statements,
            duration(took) if took is not None else "",
        ]
        yield f"| {' | '.join(cells)} |"
    locks = [row for one in planned.judged[:_MOST_REVISIONS] for row in _locks(one)]
    if locks:
        yield "\n| revision | table | lock | held for about | waits meanwhile |\n|---|---|---|---|---|"
        yield from locks


def _locks(one: PlannedRevision) -> Iterator[str]:
    for lock in one.locks:
        held = (
            "not known" if lock.seconds is None else duration(lock.seconds) if lock.seconds else "an instant"
        )
        cells = (
            _cell(code_of(one.revision)),
            _cell(code_of(lock.table)),
            lock.mode,
            held,
            ", ".join(lock.blocks),
        )
        yield f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """In a table a bar ends the cell, also inside code."""
    return text.replace("|", "\\|")
