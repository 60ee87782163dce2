"""What of a revision stands that no run of ours began: by what the schema shows, and never surer than that."""

from __future__ import annotations

from typing import Any

import pytest

from alembic_safe.databases import Found
from alembic_safe.model.revisions import Revision, RevisionListing, Statement
from alembic_safe.recovery.begun import begun_elsewhere, number_at_work, whole
from alembic_safe.recovery.half import keys_of

_REVISION = Revision("b2", ("a1",), (), (), "", "/b2.py", "")
_BODY = (
    "create table u (id int)",
    "create index concurrently ix_a on t (a)",
    "update t set a = 1",
    "alter table t add column c int",
)


def _begun(there: set[str], *statements: str, hidden: str | None = None) -> Any:
    """`there` are the names that exist: of relations, or "t.c" of a column."""
    sql = statements or _BODY
    listing = RevisionListing(
        _REVISION, "upgrade", tuple(Statement(n, one, None) for n, one in enumerate(sql, start=1)), hidden
    )
    seen = {
        key: Found("public") if (f"{key[1].name}.{key[2]}" if key[2] else key[1].name) in there else None
        for key in keys_of(sql, "postgresql")
    }
    return begun_elsewhere(listing, sql, seen, "postgresql", rerunnable=False)


def test_what_stands_what_does_not_and_what_nothing_tells() -> None:
    half = _begun({"u", "ix_a"})
    assert [one.standing for one in half.statements] == ["in effect", "in effect", "unknown", "not in effect"]
    assert half.run == "" and half.destination == "b2" and not whole(half)
    assert [one.standing for one in _begun({"u"}).statements][1:] == ["not in effect"] * 3


@pytest.mark.parametrize("there", [set[str](), {"t"}, {"t.a"}])
def test_nothing_of_it_stands(there: set[str]) -> None:
    assert _begun(there) is None


def test_rows_are_no_part_of_a_stamp_that_was_lost() -> None:
    definitions = tuple(one for one in _BODY if not one.startswith("update"))
    assert whole(_begun({"u", "ix_a", "t.c"}, *definitions))
    assert not whole(_begun({"u", "ix_a", "t.c"}))


def test_what_is_made_anew_under_its_old_name_tells_nothing() -> None:
    assert _begun({"ix_a"}, "drop index ix_a", "create index ix_a on t (a, b)") is None


@pytest.mark.parametrize(
    "sql", ["create type mood as enum ('calm')", "create schema s", "create table if not exists u ()"]
)
def test_what_may_be_there_for_another_reason_tells_nothing(sql: str) -> None:
    assert _begun({"mood", "s", "u"}, sql, "create table w ()") is None


def test_what_could_not_be_shown_leaves_it_open() -> None:
    assert not _begun({"u"}, *_BODY, hidden="it asks for rows").certain


def test_which_statement_a_session_is_at_work_on_is_told_by_its_text() -> None:
    long = "update t set a = " + "1 + " * 400 + "1"
    statements = ["create table u ()", "create index\n  concurrently ix on t (a);", long]
    assert number_at_work("create index concurrently ix on t (a)", statements) == 2
    assert number_at_work(long[:1023], statements) == 3
    # the server cuts long ones alone: a beginning that it did not cut is another statement
    assert number_at_work("update t set a = 1 + 1", statements) is None
    assert number_at_work("", statements) is None
