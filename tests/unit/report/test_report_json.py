"""JSON documents: each is what its published schema says, hostile text and early failures included."""

from __future__ import annotations

import json
from dataclasses import fields

import jsonschema
import pytest

from alembic_safe.errors import UnreachableError
from alembic_safe.model.results import Failure, Result
from alembic_safe.report.empty import empty_result
from alembic_safe.report.json import render, schema_name
from alembic_safe.report.json.schemas import RESULTS, schema
from tests.unit.report import samples


def closed(command: str) -> dict[str, object]:
    """The schema with no room for what it does not name, so that a field it forgot is found."""
    made = schema(command)
    for shape in (made, *made["$defs"].values()):
        shape["additionalProperties"] = False
    return made


def cases() -> list[tuple[str, Result]]:
    results = [*samples.everyday().values(), *samples.hostile()]
    found = [(command, r) for r in results for command, kind in RESULTS.items() if type(r) is kind]
    failure = Failure.of(UnreachableError("no server", detail="x"))
    return found + [(command, empty_result(command, 9, failure)) for command in RESULTS]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case[0])
def test_a_document_is_what_its_schema_says(case: tuple[str, Result]) -> None:
    command, result = case
    text = render(command, result)
    assert text.isascii()
    assert "\x1b" not in text
    document = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema(command))
    jsonschema.validate(document, closed(command), format_checker=jsonschema.FormatChecker())
    assert list(document)[:3] == ["schema", "version", "exit"]
    assert document["schema"] == schema_name(command)
    assert document["exit"] == result.exit


def test_every_field_of_a_result_is_in_its_document() -> None:
    for command, result in cases():
        named = {field.name for field in fields(result)}
        assert set(json.loads(render(command, result))) == named | {"schema", "version"}


def test_a_document_that_is_not_so_is_refused_by_the_schema() -> None:
    document = json.loads(render("plan", samples.plan()))
    document["targets"][0]["revisions"][0]["direction"] = "sideways"
    with pytest.raises(jsonschema.ValidationError, match="sideways"):
        jsonschema.validate(document, schema("plan"))
    del document["exit"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("plan"))


def test_times_are_rfc_3339_in_utc_and_numbers_are_finite() -> None:
    document = json.loads(render("upgrade", samples.applied()))
    assert document["backups"][0]["began"] == "2026-03-01T11:55:00Z"
    odd = type(samples.applied())(0, "upgrade", (), (), {"probe": float("inf")})
    assert json.loads(render("upgrade", odd))["durations"] == {"probe": None}
