"""What a revision leaves set in its session, and what ends with a transaction."""

from __future__ import annotations

import pytest

from tests.unit.rules.plans import Part, auto, rules

RULE = "search-path-left-changed"
SET, LOCAL, PUBLIC = "SET search_path TO a", "SET LOCAL search_path TO b", "SET LOCAL search_path TO public"


@pytest.mark.parametrize(
    "statements",
    [
        [SET],
        [LOCAL],
        [SET, PUBLIC],
        [SET, PUBLIC, auto("SELECT 1")],
        [SET, LOCAL, auto("SELECT 1")],
        [PUBLIC, SET],
        ["SET LOCAL search_path TO a", SET, auto("SELECT 1")],
        ["RESET search_path", SET],
        [auto("DISCARD ALL"), SET],
    ],
)
def test_a_path_that_is_left_stops(statements: list[Part]) -> None:
    assert RULE in rules(statements)


@pytest.mark.parametrize(
    "statements",
    [
        [SET, "RESET search_path"],
        [SET, LOCAL, "RESET search_path"],
        [SET, auto("DISCARD ALL")],
        [SET, LOCAL, auto("DISCARD ALL")],
        [LOCAL, auto("SELECT 1")],
        [PUBLIC],
    ],
)
def test_one_that_is_set_back_or_ends_passes(statements: list[Part]) -> None:
    assert RULE not in rules(statements)


def test_after_a_transaction_the_sessions_own_path_holds_again() -> None:
    base = "CREATE TABLE a.t (id int PRIMARY KEY); CREATE TABLE b.t (id int PRIMARY KEY, n int NOT NULL)"
    change = "ALTER TABLE t ALTER COLUMN n SET NOT NULL"
    assert "set-not-null-scan" not in rules([SET, LOCAL, change], base=base)
    assert "set-not-null-scan" in rules([SET, LOCAL, auto("SELECT 1"), change], base=base)


def test_discard_all_lifts_the_lock_timeout() -> None:
    base, change = "CREATE TABLE t (id int)", "ALTER TABLE t ADD COLUMN a int"
    assert "lock-timeout-lifted" in rules([auto("DISCARD ALL"), change], base=base)
    assert "lock-timeout-lifted" not in rules([auto("DISCARD PLANS"), change], base=base)
