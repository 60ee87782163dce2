"""What stands of the next revision although no run of ours began it: raw alembic's half, or a row that was lost. Pure.

Nothing but the schema speaks of it. What the revision would make is looked for by name; whether it is as the revision
makes it, and which rows were written, names do not tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from alembic_safe.model.recovery import HalfRevision, SettledStatement, Standing
from alembic_safe.model.revisions import RevisionListing
from alembic_safe.model.targets import Dialect
from alembic_safe.recovery.half import ReadStatement, Seen, read_statement, shows, undo_of

# a type, a schema or an extension may be there for another's sake, and often is
_TELLING = ("relation", "column", "constraint", "trigger", "partition", "label")
_SHOWN = "the schema shows what it makes"


def spelled(sql: str) -> str:
    """A digest (hex) of a statement whatever its blanks: rendered and executed they are not the same."""
    return hashlib.sha256(" ".join(sql.split()).encode()).hexdigest()


def begun_elsewhere(
    listing: RevisionListing, masked: Sequence[str], seen: Seen, dialect: Dialect, *, rerunnable: bool
) -> HalfRevision | None:
    """What stands of a revision that would be applied next; None where nothing of it does.

    `masked` are the listing's statements, masked; `seen` what was found of all that they make or take away.
    """
    read = [read_statement(sql, dialect) for sql in masked]
    shown = _shown(read, seen)
    if not any(shown.values()) or not _tells(read, shown):
        return None
    settled = [
        SettledStatement(
            at,
            sql,
            spelled(sql),
            one.nature,
            *_settled(at - 1, one, shown),
            repeatable=one.repeatable,
            place=_place(listing, at - 1),
        )
        for at, (sql, one) in enumerate(zip(masked, read, strict=True), start=1)
    ]
    undo, no_undo = undo_of(settled, seen, dialect)
    return HalfRevision(
        run="",
        step=0,
        revision=listing.revision.id,
        direction="upgrade",
        statements=tuple(settled),
        unchanged=True,
        rerunnable=rerunnable,
        certain=listing.not_inspectable is None,
        file=listing.revision.path,
        destination=listing.revision.id,
        undo=tuple(one.sql for one in undo),
        undo_loses=tuple(one.loses for one in undo if one.loses),
        no_undo=no_undo,
    )


def whole(half: HalfRevision) -> bool:
    """Whether all that can be seen of it stands, so that its row is what is missing."""
    changing = [one for one in half.statements if one.nature != "query"]
    return bool(changing) and all(one.standing == "in effect" for one in changing)


# bytes that the server shows at least of a longer statement (track_activity_query_size)
_SHORTEST = 900


def number_at_work(shown: str, statements: Sequence[str]) -> int | None:
    """Which of the statements (from 1) a session is at work on by the text that the server shows; None: none."""
    text = " ".join(shown.split())
    for number, sql in enumerate(statements, start=1):
        whole = " ".join(sql.split()).rstrip("; ")
        if whole == text.rstrip("; ") or (len(text.encode()) >= _SHORTEST and whole.startswith(text)):
            return number
    return None


def _shown(read: Sequence[ReadStatement], seen: Seen) -> dict[int, bool]:
    """For each statement that the schema can tell of: whether it stands. The first that is about a thing tells."""
    said: set[object] = set()
    shown: dict[int, bool] = {}
    for at, one in enumerate(read):
        first = [trace for trace in one.traces if trace.key not in said]
        said |= {trace.key for trace in one.traces}
        if first:
            stand = {shows(trace, seen) for trace in first}
            if len(stand) == 1:
                shown[at] = stand.pop()
    return shown


def _tells(read: Sequence[ReadStatement], shown: dict[int, bool]) -> bool:
    return any(
        trace.made and trace.kind in _TELLING
        for at, stands in shown.items()
        if stands
        for trace in read[at].traces
    )


def _settled(at: int, one: ReadStatement, shown: dict[int, bool]) -> tuple[Standing, str]:
    if at in shown:
        return (
            ("in effect", _SHOWN)
            if shown[at]
            else ("not in effect", "the schema does not show what it makes")
        )
    absent = [number for number, stands in shown.items() if not stands]
    if absent and at > min(absent) and not any(stands for number, stands in shown.items() if number > at):
        return "not in effect", "one before it did not take effect"
    return "unknown", "nothing in the schema tells"


def _place(listing: RevisionListing, at: int) -> str:
    source = listing.statements[at].source
    return f"{source.file}:{source.line}" if source is not None else ""
