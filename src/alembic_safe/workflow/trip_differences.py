"""What of a clone's schema a round trip left changed; the order of columns and constraints' names told apart. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import replace

from alembic_safe.model.identity import Compared, Difference, SchemaParts
from alembic_safe.model.rehearsals import LostData, RoundTrip
from alembic_safe.quick import dataclass
from alembic_safe.recovery.identity.comparing import compare
from alembic_safe.recovery.identity.reading import parts_of
from alembic_safe.recovery.identity.sqlite import sqlite_parts
from alembic_safe.recovery.identity.statements import no_sql
from alembic_safe.rehearsal.comparing import Picture

_MOST_LINES = 12
_HOW = {
    "missing": "did not come back",
    "extra": "stayed, and was not there before",
    "changed": "reads differently",
}


@dataclass(frozen=True, slots=True)
class TripDifferences:
    """Texts for people. `schema`: parts that differ, each with the lines that do. `apart`: sentences."""

    schema: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


def trip_differences(before: Picture, after: Picture) -> TripDifferences:
    """Compare two pictures of one clone, part by part.

    A column that was dropped and made anew stands last, and a constraint may bear the server's name for it: what
    names its columns does not depend on either.
    """
    then, now = _parts(before), _parts(after)
    known = {part.top for part in (*then.parts, *now.parts)}
    compared = compare(then, now, known, no_sql)
    return TripDifferences(
        tuple("\n".join(_lines(one)) for one in compared.differences), tuple(_apart(compared, then, now))
    )


def _parts(picture: Picture) -> SchemaParts:
    return parts_of(picture.objects) if not picture.of_file else sqlite_parts(picture.rows)


def _lines(one: Difference) -> Iterator[str]:
    yield f"{str(one).rpartition(':')[0]}: {_HOW[one.what]}"
    if one.expected is None or one.found is None:
        return
    then, now = one.expected.split("\n"), one.found.split("\n")
    lines = list(difflib.unified_diff(then, now, lineterm="", n=0))
    changed = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    yield from changed[:_MOST_LINES]
    if len(changed) > _MOST_LINES:
        yield "..."


def _apart(compared: Compared, then: SchemaParts, now: SchemaParts) -> Iterator[str]:
    for table in compared.order:
        yield (
            f"the columns of {table} stand in another order: {', '.join(now.order[table])}; before:"
            f" {', '.join(then.order[table])}"
        )
    yield from compared.names


def without(trip: RoundTrip, later: RoundTrip) -> RoundTrip:
    """What is told of a trip, without what was so already after that of the revision after it."""
    known = {*later.schema, *later.again}
    lost = {one.table: one for one in later.lost}
    return replace(
        trip,
        schema=tuple(one for one in trip.schema if one not in known),
        again=tuple(one for one in trip.again if one not in known),
        apart=tuple(one for one in trip.apart if one not in later.apart),
        lost=tuple(filter(None, (_newly(one, lost.get(one.table)) for one in trip.lost))),
    )


def _newly(now: LostData, before: LostData | None) -> LostData | None:
    if before is None:
        return now
    columns = tuple(one for one in now.columns if one not in before.columns)
    same_rows = (now.rows_before, now.rows_after) == (before.rows_before, before.rows_after)
    return None if same_rows and not columns else replace(now, columns=columns)
