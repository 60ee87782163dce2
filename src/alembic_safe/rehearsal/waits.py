"""How long the application's queries will wait for what a finding is about, as the rehearsal lets expect it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alembic_safe.model.rehearsals import RehearsedRevision
from alembic_safe.model.results import ReportedFinding


def with_waits(
    findings: Sequence[ReportedFinding], revisions: Sequence[RehearsedRevision]
) -> tuple[ReportedFinding, ...]:
    """The findings with the longest time of a lock that their statement was the first to take.

    The rules' own estimate goes by sizes; it stays where nothing is expected, as of a target that was not asked.
    """
    waits: dict[tuple[str, int], float] = {}
    for revision in revisions:
        for lock in revision.locks:
            if lock.forecast is not None and lock.blocks:
                key = revision.revision, lock.statement
                waits[key] = max(waits.get(key, 0.0), lock.forecast)
    return tuple(
        one if one.seconds is None else replace(one, seconds=waits.get(_statement(one), one.seconds))
        for one in findings
    )


def _statement(one: ReportedFinding) -> tuple[str, int]:
    return one.revision or "", one.statement or 0
