"""What is known of a revision that ran on a scratch database: what it executed, and what rows would have added."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from alembic_safe.bridge.row_reads import asks_catalog, is_of_the_catalog, reads_rows
from alembic_safe.model.revisions import RevisionListing, Source, Statement
from alembic_safe.workflow.loops import in_autocommit, repeated
from alembic_safe.workflow.raw_cursors import past_capture
from alembic_safe.workflow.rowless import Unseen, lines_of, unseen


def as_it_ran(
    listing: RevisionListing, ran: RevisionListing, server: str, dialect: str = "postgresql"
) -> RevisionListing:
    """`listing`, which could not be read, with what it executed on `server`, which is of `dialect`.

    A scratch holds no rows. Calls that only rows would have led to are added where their SQL stands in the source, or
    could be composed of it, so that they are judged too; where it does not, the revision stays not inspectable, with
    their lines.
    """
    text, reads = _text(ran.revision.path), _read_lines(ran)
    again = repeated(text, reads)
    past = past_capture(text, ran.direction, frozenset(_lines(ran.statements)), dialect)
    missed = (*not_reached(ran, dialect), *past)
    shown = [
        _looped(one, again, listing.revision.path) for one in ran.statements if not asks_catalog(one.sql)
    ]
    numbered = tuple(
        replace(one, ordinal=number)
        for number, one in enumerate(_with_written(shown, missed, listing.revision.path), start=1)
    )
    lines = tuple(lines_of(missed))
    if not lines:
        return replace(
            listing, statements=numbered, not_inspectable=None, not_inspectable_at=None, ran_on=server
        )
    return replace(
        listing,
        statements=numbered,
        not_inspectable=_why(f"on a scratch database ({server})", "which holds no rows", lines, past),
        not_inspectable_at=Source(listing.revision.path, lines[0]),
        ran_on=server,
    )


def as_rehearsed(ran: RevisionListing, *, with_rows: bool, dialect: str = "postgresql") -> RevisionListing:
    """What ran on a clone, as it is judged: without what only asks the catalog, with what could not be seen to run.

    That is what a cursor of the driver executes and, where the clone lacks the target's rows (`with_rows` False), what
    those would have led to. Where its SQL does not stand in the source, the revision is not inspectable. Statements
    that ran keep their ordinals. A revision that failed says so itself, and is no unread one.
    """
    shown = [one for one in ran.statements if not is_of_the_catalog(one.sql)]
    whole = replace(ran, statements=tuple(shown), not_inspectable=None, not_inspectable_at=None)
    if ran.not_inspectable is not None:
        return whole
    text, path = _text(ran.revision.path), ran.revision.path
    past = past_capture(text, ran.direction, frozenset(_lines(ran.statements)), dialect)
    missed = past if with_rows else (*not_reached(ran, dialect), *past)
    again = frozenset[int]() if with_rows else repeated(text, _read_lines(ran))
    numbers = count(max((one.ordinal for one in ran.statements), default=0) + 1)
    statements = tuple(
        one if one.ordinal else replace(one, ordinal=next(numbers))
        for one in _with_written([_looped(each, again, path) for each in shown], missed, path)
    )
    lines = tuple(lines_of(missed))
    if not lines:
        return replace(whole, statements=statements)
    return replace(
        whole,
        statements=statements,
        not_inspectable=_why("on a clone", "which lacks the target's rows", lines, past),
        not_inspectable_at=Source(path, lines[0]),
    )


def not_reached(ran: RevisionListing, dialect: str) -> tuple[Unseen, ...]:
    """The calls of its source that the rows of a real database could lead to, and nothing led to there."""
    reads = _read_lines(ran)
    if not reads:
        return ()
    seen = frozenset(_lines(ran.statements))
    return _composed(
        unseen(_text(ran.revision.path), ran.direction, seen=seen, reads=reads, dialect=dialect), ran
    )


def _composed(found: Sequence[Unseen], ran: RevisionListing) -> tuple[Unseen, ...]:
    """Those calls with what they would send, as the run could tell when it ended."""
    result = list[Unseen]()
    for one in found:
        told = [each for each in ran.composed if each.line == one.line]
        result += [replace(one, sql=each.sql, after=each.after) for each in told] or [one]
    return tuple(result)


def _read_lines(ran: RevisionListing) -> frozenset[int]:
    return frozenset(_lines(one for one in ran.statements if reads_rows(one.sql)))


def _looped(one: Statement, again: frozenset[int], path: str) -> Statement:
    inside = one.source is not None and one.source.file == path and one.source.line in again
    return replace(one, repeated=True) if inside and not one.own_connection else one


def _with_written(shown: Sequence[Statement], missed: Sequence[Unseen], path: str) -> list[Statement]:
    """The statements in the order they would run in, as far as one can be had for what never ran."""
    placed = [(float(one.ordinal), one) for one in shown]
    alone = in_autocommit(_text(path)) if missed else frozenset[int]()
    for one in missed:
        if one.sql is not None:
            # what is told to come after a statement does; else the order is that of the source
            later = (each.ordinal - 0.5 for each in shown if each.source and each.source.line > one.line)
            place = one.after + 0.5 if one.after else next(later, math.inf)
            source, by_itself = Source(path, one.line), one.line in alone
            placed.append((place, Statement(0, one.sql, source, autocommit=by_itself, repeated=one.repeated)))
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def _why(where: str, lacks: str, lines: Sequence[int], past: Sequence[Unseen]) -> str:
    raw = frozenset(one.line for one in past)
    if all(line in raw for line in lines):
        return f"run {where}: what a cursor of the driver executes was not seen, {_at(lines)}"
    return f"run {where}, {lacks}: {_said(lines)}"


def _said(lines: Sequence[int]) -> str:
    return f"what {_at(lines)} would issue for them was not seen"


def _at(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:8])) + (", ..." if len(lines) > 8 else "")
    return f"line{'' if len(lines) == 1 else 's'} {shown}"


def _lines(statements: Iterable[Statement]) -> list[int]:
    return [one.source.line for one in statements if one.source is not None]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
