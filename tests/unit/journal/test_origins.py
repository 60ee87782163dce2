"""Whose a run is: by what lasts of a database, and in an old file by how the runs follow each other."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from alembic_safe.journal._origins import of_one_database
from alembic_safe.model.runs import Origin

HERE = Origin("7300", "db:5432", "shop", "16384")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"address": "10.0.0.7:6432"}, ""),  # another way to the same server, or a replica that was promoted
        ({"oid": "20001"}, ""),  # a restored database took the place
        ({"name": "shop_old"}, ""),  # it was renamed
        ({"name": "shop_copy", "oid": "20001"}, "another database"),
        ({"system": "7301"}, "another server"),  # restored elsewhere under the same name and oid
        ({"system": ""}, ""),  # a role that may not read the identifier
        (
            {"system": "", "address": "/run/postgresql:5432"},
            "",
        ),  # maybe another way to it
    ],
)
def test_a_database_is_known_again_by_what_lasts(changes: dict[str, str], expected: str) -> None:
    there = replace(HERE, **changes)
    assert there.seen_from(HERE) == expected
    assert HERE.seen_from(there) == expected


def test_an_old_file_is_of_one_database_where_each_run_goes_on_from_the_last() -> None:
    def row(
        target: str, before: list[str] | None, after: list[str] | None
    ) -> tuple[str, str | None, str | None]:
        return target, json.dumps(before), None if after is None else json.dumps(after)

    one = [
        row("t", None, ["a1"]),
        row("u", [], ["a1"]),
        row("t", ["a1"], None),
        row("t", ["b2"], ["c3", "d4"]),
    ]
    assert of_one_database([]) and of_one_database(one)
    assert of_one_database([*one, row("t", ["d4", "c3"], ["e5"])])
    # a second database began at base in between
    assert not of_one_database([*one, row("t", [], ["a1"])])
