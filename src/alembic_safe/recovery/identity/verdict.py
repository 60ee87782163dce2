"""What version rows and schema say together: one of eight words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from alembic_safe.model.identity import Compared, Heads, Verdict


def verdict(
    stamped: Heads | None, equal: Sequence[Heads], to_stamped: Compared | None, history: Sequence[Heads]
) -> Verdict:
    """The word for version rows `stamped` over a schema that is that of `equal` (states of `history`, oldest first).

    - as stamped: the schema is what the version rows promise
    - never stamped: no version rows, and the schema of a revision
    - stamped but never run: the schema is that of an earlier state than the rows say
    - stamp lost: it is that of a later state (the rows were lost or set back)
    - another revision: it is that of a state which is neither earlier nor later, or the rows are unknown here
    - changed by hand: it is no revision's, and the rows name one whose differences are told
    - unknown schema: it is no revision's, and the rows tell none
    """
    rows = tuple(sorted(stamped or ()))
    if rows in equal or (to_stamped is not None and to_stamped.equal):
        return "as stamped"
    if equal and not rows:
        return "never stamped"
    if equal and rows in history:
        at = list(history)
        return "stamped but never run" if at.index(equal[-1]) < at.index(rows) else "stamp lost"
    if equal:
        return "another revision"
    return "changed by hand" if rows and to_stamped is not None else "unknown schema"
