"""What was expanded lately, by the journal: the steps that a contract step may have to wait for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alembic_safe.model.facts import Name
from alembic_safe.model.preflight import PhasedStep
from alembic_safe.model.runs import StatementRecord

if TYPE_CHECKING:
    from alembic_safe.journal import JournalReader

# a run begins before its steps end
_LONGEST_RUN = timedelta(days=1)


def recent_expansions(
    journal: JournalReader, target: str, now: datetime, within: float, version: int
) -> tuple[PhasedStep, ...]:
    """Steps committed on `target` less than `within` seconds ago that made or changed something for new code."""
    since = now - timedelta(seconds=within)
    found = []
    for history in journal.runs_since(target, since - _LONGEST_RUN):
        for step in history.steps:
            ended = step.ended or step.began
            if step.outcome != "committed" or step.direction != "upgrade" or ended < since:
                continue
            statements = [s for s in history.statements if s.step == step.ordinal]
            expands, tables = _what(statements, version)
            if expands:
                found.append(PhasedStep(step.revision, tables, max(0.0, (now - ended).total_seconds())))
    return tuple(found)


def _what(statements: list[StatementRecord], version: int) -> tuple[bool, frozenset[Name] | None]:
    """Whether any of them expands or fills, and the tables they are about; None where that is not known."""
    from alembic_safe.sql import Schema, facts_of, read, split

    tables: set[Name] = set()
    expands, known = False, bool(statements)
    for statement in statements:
        for piece in split(statement.sql):
            facts = facts_of(read(piece.text), version=version, schema=Schema())
            known &= facts.understood
            if facts.phase in ("expand", "backfill"):
                expands = True
            tables |= {o.name for o in facts.reading.objects if o.kind == "table" and o.role != "referenced"}
    tables = {name for name in tables if name.name != "alembic_version"}
    return expands or not known, frozenset(tables) if known else None
