"""Functions made again: what the server takes for the same return type, and which it is asked about."""

from __future__ import annotations

import pytest

from alembic_safe.workflow.judging import called
from tests.unit.rules.plans import listing, rules

MAKE = "CREATE OR REPLACE FUNCTION f({}) {} LANGUAGE sql AS 'SELECT 1'"


def refused(old: tuple[str, str], new: tuple[str, str]) -> bool:
    return "function-replaced" in rules([MAKE.format(*new)], base=MAKE.format(*old))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("a int", "RETURNS float8"), ("a integer", "RETURNS double precision")),
        (("", "RETURNS varchar(20)"), ("", "RETURNS character varying")),
        (("", "RETURNS timestamp(3)"), ("", "RETURNS timestamp without time zone")),
        (("", "RETURNS int[][]"), ("", "RETURNS integer[]")),
        (("", "RETURNS public.mood"), ("", "RETURNS mood")),
        (("", "RETURNS TABLE(id int)"), ("", "RETURNS TABLE(id integer)")),
        (("", "RETURNS TABLE(id int, b text)"), ("", "RETURNS TABLE (id int4,  b text)")),
        (("", "RETURNS TABLE(id int, b text)"), ("OUT id int, OUT b text", "RETURNS SETOF record")),
        (("OUT a int, OUT b text", ""), ("OUT a int, OUT b text", "RETURNS record")),
        (("OUT a int", ""), ("OUT a int", "RETURNS integer")),
        (("", "RETURNS t.a%TYPE"), ("", "RETURNS bigint")),
    ],
)
def test_one_type_in_two_writings_is_no_change(old: tuple[str, str], new: tuple[str, str]) -> None:
    assert not refused(old, new)
    assert not refused(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("", "RETURNS integer"), ("", "RETURNS bigint")),
        (("", "RETURNS integer"), ("", "RETURNS integer[]")),
        (("", "RETURNS integer"), ("", "RETURNS SETOF integer")),
        (("", "RETURNS TABLE(id int, b text)"), ("", "RETURNS TABLE(id int, c text)")),
        (("", "RETURNS TABLE(id int, b text)"), ("", "RETURNS TABLE(id bigint, b text)")),
        (("OUT a int, OUT b text", ""), ("OUT a int, OUT b int", "")),
    ],
)
def test_another_type_is(old: tuple[str, str], new: tuple[str, str]) -> None:
    assert refused(old, new)
    assert refused(new, old)


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("SELECT s.f(1)", {"s.f"}),
        ("CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION s.f()", {"s.f"}),
        (MAKE.format("", "RETURNS int"), {"f"}),
        ("CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'", {"p"}),
        ("DROP FUNCTION f(int), s.g", {"f", "s.g"}),
        ("DO $$ BEGIN DROP PROCEDURE p; END $$", {"p"}),
        ("ALTER TABLE t ADD COLUMN a int", set()),
    ],
)
def test_what_the_target_is_asked_about(statement: str, names: set[str]) -> None:
    assert {str(name) for name in called([listing(1, [statement])])} == names


@pytest.mark.parametrize(
    ("body", "stops"),
    [
        ("RAISE EXCEPTION 'no'; RETURN NEW;", True),
        ("RETURN NULL;", True),
        ("RAISE NOTICE 'so'; RETURN NEW;", False),
        ("NEW.a := 1; RETURN NEW;", False),
    ],
)
def test_a_trigger_s_function_that_refuses_rows_from_now_on_stops(body, stops):
    base = "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
    again = f"CREATE OR REPLACE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
    assert ("function-replaced" in rules([again], base=base)) is stops
