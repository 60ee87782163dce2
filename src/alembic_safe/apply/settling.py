"""What became of a step, decided from what was read. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from alembic_safe.model.revisions import Statement
from alembic_safe.model.runs import StatementOutcome, StepOutcome, TransactionOutcome
from alembic_safe.quick import dataclass

_DEBRIS = re.compile(r"\bconcurrently\b|\bvalidate\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a step that did not end in the usual way.

    `expected` are the version rows that its commit makes, None where it never got that far. `changed` is
    SQLite's word whether anything at all was committed in the meantime; None where there is no such word.
    `cleaned` are the ordinals of concurrent statements that failed and of which nothing is left.
    `committed`: a transaction of the step that holds more than queries is known to be committed. `unsure`: the run
    was killed, and whether something on a connection of the revision's own was committed nobody wrote.
    `left` names how the revision left alembic's transaction, `statements` are in order of execution.
    """

    before: tuple[str, ...]
    now: tuple[str, ...]
    expected: tuple[str, ...] | None
    transaction: TransactionOutcome | None
    changed: bool | None = None
    left: tuple[str, ...] = ()
    statements: Sequence[Statement] = ()
    cleaned: Collection[int] = ()
    committed: bool = False
    unsure: bool = False


def settle(evidence: Evidence) -> StepOutcome:
    """Committed, rolled back, partial (some of it stands without a version row), or unknown."""
    if evidence.expected is not None and evidence.now == evidence.expected != evidence.before:
        return "committed"
    if evidence.now != evidence.before:
        return "unknown"
    if evidence.changed is not None:
        return "partial" if evidence.changed else "rolled_back"
    if evidence.committed or _committed_on_its_own(
        [s for s in evidence.statements if s.ordinal not in evidence.cleaned]
    ):
        return "partial"
    if evidence.unsure or evidence.transaction in {"in progress", "unknown"}:
        return "unknown"
    if evidence.transaction == "committed":
        # the transaction that the step began in is committed without its version row
        return "partial" if _did_anything(evidence) else "rolled_back"
    return "rolled_back"


def rest_of(
    began: str | None,
    announced: str | None,
    ready: str | None,
    left: Sequence[str],
    outcome_of: Callable[[str], TransactionOutcome],
) -> StatementOutcome:
    """What became of the statements in the transaction that was open when a step ended: "rolled back" or "unknown".

    The transactions are the one that the step `began` in, the last whose commit was `announced` without its version
    row, and the one that was `ready` to commit with it. `outcome_of` is asked of one that has a name. The one after
    an autocommit block has none, and by how the revision `left` the others nothing but an announced commit keeps it.
    """
    if began is None:
        return "unknown"
    if announced is not None and ready is None:
        blocks_alone = bool(left) and all(kind == "autocommit" for kind in left)
        return "rolled back" if blocks_alone else "unknown"
    return "rolled back" if outcome_of(ready or began) == "aborted" else "unknown"


def _committed_on_its_own(statements: Sequence[Statement]) -> bool:
    """Whether a statement outside alembic's transaction did, or may have done, something.

    A failed statement leaves nothing, except the concurrent ones (an INVALID index). One without an end
    (no duration, no error) may have been done.
    """
    return any(
        (s.error is None or _DEBRIS.search(s.sql)) and not _only_asks(s.sql)
        for s in statements
        if s.autocommit or s.own_connection
    )


def did_anything(statements: Iterable[Statement]) -> bool:
    """Whether one of them did not fail and is more than a query or a setting."""
    return any(s.error is None and not _only_asks(s.sql) for s in statements)


def _only_asks(sql: str) -> bool:
    # a run whose revisions ask for nothing never needs to read SQL here
    from alembic_safe.sql.natures import only_asks

    return only_asks(sql)


def _did_anything(evidence: Evidence) -> bool:
    inside = [s for s in evidence.statements if not s.autocommit and not s.own_connection]
    return did_anything(inside) or not evidence.statements
