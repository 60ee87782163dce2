"""Who, where and when."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from alembic_safe.model.events import Event, PhaseBegan, PhaseEnded
from alembic_safe.workflow.context import Phases, ci_link, new_run_id


@pytest.mark.parametrize(
    ("environ", "link"),
    [
        ({}, None),
        (
            {"GITHUB_SERVER_URL": "https://g", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7"},
            "https://g/o/r/actions/runs/7",
        ),
        ({"GITHUB_RUN_ID": "7"}, None),
        ({"CI_JOB_URL": "https://l/1"}, "https://l/1"),
    ],
)
def test_ci_link(environ: dict[str, str], link: str | None) -> None:
    assert ci_link(environ) == link


def test_run_ids_sort_by_time_and_fit_an_application_name() -> None:
    early = new_run_id(datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc))
    late = new_run_id(datetime(2026, 1, 2, 3, 4, 6, tzinfo=timezone.utc))
    assert early < late
    assert len(f"alembic-safe/{early}") <= 63


def test_phases_are_announced_and_timed() -> None:
    said: list[Event] = []
    phases = Phases(said.append)
    with phases.phase("backup", "backing up") as result:
        result.append("42 rows")
    with pytest.raises(ValueError, match="no"), phases.phase("backup", "again"):
        raise ValueError("no")
    assert [type(event) for event in said] == [PhaseBegan, PhaseEnded, PhaseBegan]
    assert isinstance(said[1], PhaseEnded)
    assert said[1].what == "42 rows"
    assert phases.durations["backup"] > 0
