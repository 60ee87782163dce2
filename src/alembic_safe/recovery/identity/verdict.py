"""What version rows and schema say together: one word. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alembic_safe.model.identity import Compared, Heads, Verdict

# all revisions that stand with these version rows; None: they are unknown to this checkout
Applied = Callable[[Heads], frozenset[str] | None]


def verdict(
    stamped: Heads | None, equal: Sequence[Heads], to_stamped: Compared | None, applied: Applied
) -> Verdict:
    """The word for version rows `stamped` over a schema that is that of `equal` (states, oldest first).

    - as stamped: the schema is what the version rows promise
    - never stamped: no version rows, and the schema of a revision
    - stamped but never run: the schema is that of a state before the one that the rows say
    - stamp lost: it is that of a state after it (the rows were lost or set back)
    - another revision: it is that of a state neither before nor after it, or the rows are unknown here
    - changed by hand: it is no revision's, and the rows name one whose differences are told
    - unknown schema: it is no revision's, and the rows tell none
    """
    rows = tuple(sorted(stamped or ()))
    if rows in equal or (to_stamped is not None and to_stamped.equal):
        return "as stamped"
    if not equal:
        return "changed by hand" if rows and to_stamped is not None else "unknown schema"
    if not rows:
        return "never stamped"
    said, is_now = applied(rows), applied(equal[-1])
    if said is None or is_now is None:
        return "another revision"
    if is_now < said:
        return "stamped but never run"
    return "stamp lost" if said < is_now else "another revision"
