"""What the gate stops of the hazard sets: `python -m benchmarks.score_hazards [SET ...]`.

Each case is judged as `upgrade` would: its earlier revisions are the history, its plan is one upgrade, an error
stops it, and so does what could not be read. A declared contract step counts as proven, which takes a database.
Bars: at least 97 % of the unsafe stopped, at most 2 % of the safe. Exit status 1 below a bar.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic_safe import workflow
from alembic_safe.settings import load_settings
from tests.support.hazard_sets import Case, cases, section, sets, write_project

FOUND, ALARMS = 0.97, 0.02
# warnings of a review, errors of an upgrade
_UNREAD = ("revision-not-inspectable", "statement-not-understood")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was said of a case: the rules that stop it, and those that only warn."""

    case: Case
    stops: tuple[str, ...]
    warns: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether it was stopped exactly if it is unsafe."""
        return bool(self.stops) != self.case.safe


def verdicts(chosen: Sequence[Case]) -> list[Verdict]:
    """Judge cases: those of one server version in one run, each a section of one alembic.ini."""
    found: dict[Case, Verdict] = {}
    with tempfile.TemporaryDirectory() as name:
        for version in {_version(case) for case in chosen}:
            some = [case for case in chosen if _version(case) == version]
            found.update(_judged(some, version, Path(name)))
    return [found[case] for case in chosen]


def _version(case: Case) -> int:
    return max(case.since, min(case.until, 17))


def _judged(some: Sequence[Case], version: int, folder: Path) -> Iterator[tuple[Case, Verdict]]:
    ini = folder / f"alembic{version}.ini"
    with ini.open("w") as file:
        for case in some:
            write_project(case, folder / case.name)
            file.write(f"[{case.name}]\n" + section(folder / case.name))
    flags = {"config": str(ini), "name": [case.name for case in some], "postgresql-version": version}
    result = workflow.check(load_settings("check", flags, os.environ, folder), ("applied:",))
    open_ = [one for one in result.findings if one.allowed is None]
    for case in some:
        mine = [one for one in open_ if one.file and (folder / case.name) in Path(one.file).parents]
        stops = {one.rule for one in mine if one.severity == "error" or one.rule in _UNREAD}
        yield case, Verdict(case, tuple(sorted(stops)), tuple(sorted({one.rule for one in mine} - stops)))


def shares(all_: Sequence[Verdict]) -> tuple[float, float]:
    """The share of the unsafe that is stopped, and of the safe."""
    unsafe = [bool(one.stops) for one in all_ if not one.case.safe]
    safe = [bool(one.stops) for one in all_ if one.case.safe]
    return sum(unsafe) / (len(unsafe) or 1), sum(safe) / (len(safe) or 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the shares and every wrong verdict; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=sets())
    chosen = parser.parse_args(arguments).sets
    everything: list[Verdict] = []
    for name in chosen:
        of_set = verdicts(cases(name))
        everything += of_set
        _print(name, of_set)
    if len(chosen) > 1:
        _print("together", everything, misses=False)
    found, alarms = shares(everything)
    return int(found < FOUND or alarms > ALARMS)


def _print(name: str, of_set: Sequence[Verdict], *, misses: bool = True) -> None:
    found, alarms = shares(of_set)
    unsafe = sum(not one.case.safe for one in of_set)
    print(
        f"{name}: stopped {found:.1%} of {unsafe} unsafe (bar {FOUND:.0%}), "
        f"{alarms:.1%} of {len(of_set) - unsafe} safe (bar {ALARMS:.0%})"
    )
    for one in of_set if misses else ():
        if not one.right:
            case = one.case
            label = "safe, stopped by " + ", ".join(one.stops) if case.safe else f"{case.claim}, passes"
            warns = f" (warned: {', '.join(one.warns)})" if one.warns and not case.safe else ""
            print(f"  {case.id}: {label}{warns}\n      {case.reason}")


if __name__ == "__main__":
    sys.exit(main())
