"""Whatever the reader understands is known to the rules, or said to be unknown."""

from __future__ import annotations

from dataclasses import replace

from alembic_safe.model.facts import Action
from alembic_safe.rules.known_kinds import unknown_to_rules
from alembic_safe.sql import read, split
from tests.unit.rules.plans import rules
from tests.unit.sql.test_statements import ACCEPTED


def test_every_statement_that_is_read_is_known() -> None:
    unknown = {
        what
        for entry in ACCEPTED
        for piece in split(entry["sql"])
        if (reading := read(piece.text)).understood
        for what in unknown_to_rules(reading)
    }
    assert unknown == set()


def test_what_no_rule_knows_is_said() -> None:
    reading = read("ALTER TABLE t ADD COLUMN c int")
    assert [*unknown_to_rules(replace(reading, kind="frobnicate"))] == ["no rule knows FROBNICATE"]
    strange = replace(reading, actions=(Action("set sideways"),))
    assert [*unknown_to_rules(strange)] == ["no rule knows ALTER TABLE with SET SIDEWAYS"]


def test_scripts_and_programs_of_others_are_not_understood() -> None:
    for sql in ("ALTER EXTENSION postgis UPDATE", "COPY t FROM PROGRAM 'fetch'", "SELECT install_all()"):
        assert "statement-not-understood" in rules([sql])
