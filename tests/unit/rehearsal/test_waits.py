"""What a finding says of waiting is what the rehearsal lets expect, where it lets expect anything."""

from __future__ import annotations

from dataclasses import replace

from alembic_safe.model.rehearsals import RehearsedLock, RehearsedRevision
from alembic_safe.model.results import ReportedFinding
from alembic_safe.rehearsal.waits import with_waits

FOUND = ReportedFinding(
    "r", "error", "m", "", "b2", None, None, 2, (), "neutral", None, "lock", ("SELECT",), 9.0, False, "0"
)
SHARE = RehearsedLock("orders", "SHARE", 2, 0.1, ("INSERT",), 1.0)
ALL = RehearsedLock("parts", "ACCESS EXCLUSIVE", 2, 0.2, ("SELECT",), 2.0)


def waits(finding: ReportedFinding, *locks: RehearsedLock) -> float | None:
    ran = RehearsedRevision("b2", "", "b2.py", "upgrade", 1.0, (), locks, 0.2)
    (told,) = with_waits([finding], [ran])
    return told.seconds


def test_the_longest_that_the_statement_took_is_told() -> None:
    assert waits(FOUND, SHARE, ALL) == 2.0
    assert waits(FOUND, SHARE, replace(ALL, statement=3)) == 1.0


def test_where_nothing_is_expected_the_estimate_stays() -> None:
    assert waits(FOUND) == 9.0
    assert waits(FOUND, replace(ALL, forecast=None)) == 9.0, "the target was not asked"
    assert waits(FOUND, replace(ALL, blocks=())) == 9.0, "nobody waits for it"
    assert waits(replace(FOUND, revision="a1"), ALL) == 9.0


def test_what_blocks_nobody_is_left_alone() -> None:
    assert waits(replace(FOUND, seconds=None), ALL) is None
