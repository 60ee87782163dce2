"""What the rehearsal of revisions under review adds to what was read of them. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_safe.errors import RevisionFailedError
from alembic_safe.model.results import CheckResult, Failure
from alembic_safe.quick import dataclass
from alembic_safe.rules import all_rules
from alembic_safe.workflow.saying import page_of

if TYPE_CHECKING:
    from alembic_safe.workflow.rehearse import Rehearsal


@dataclass(frozen=True, slots=True)
class Ran:
    """The rehearsals of all sections; none where none was asked for."""

    each: tuple[Rehearsal, ...] = ()

    def added(self, result: CheckResult) -> CheckResult:
        """The result with what was seen: findings that reading did not come to are added."""
        for ran in self.each:
            there = {(one.rule, one.revision, one.statement) for one in result.findings}
            new = tuple(one for one in ran.findings if (one.rule, one.revision, one.statement) not in there)
            names = {page.id for page in result.rules} | {one.rule for one in new}
            result = replace(
                result,
                findings=(*result.findings, *new),
                rules=tuple(page_of(all_rules()[name]) for name in sorted(names)),
                rehearsed=(*result.rehearsed, *ran.targets),
                notices=tuple(dict.fromkeys((*result.notices, *ran.notices))),
            )
        return result

    def said(self, result: CheckResult) -> CheckResult:
        """The result with the failure of a revision that does not run, which is the worst that can be said of it."""
        fault = next((one.fault for one in self.each if one.fault is not None), None)
        if fault is None:
            return result
        where = f"revision {fault.revision}" if fault.revision else "the history"
        error = RevisionFailedError(
            f"{where} fails on a clone of what the history before it makes: {fault.message}",
            hint=fault.hint or "Mend it: `alembic upgrade` would fail so on a database that was just made.",
        )
        return replace(result, exit=error.exit_status, error=Failure.of(error))
