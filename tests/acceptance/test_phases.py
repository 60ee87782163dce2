"""Expand now, contract later: `--phase`, `contract-after`, `old-application`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.projects import Rev

BASE = Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer), sa.Column('old', sa.Integer))")
EXPAND = Rev("b2", "op.add_column('t', sa.Column('new', sa.Integer))")
CONTRACT = Rev(
    "c3", "op.drop_column('t', 'old')", head="# alembic-safe: phase contract"
)  # allowed by name below: nothing maps it here
LATER = Rev("d4", "op.add_column('t', sa.Column('more', sa.Integer))")
ALLOWED = ("--fail-on", "never", "--no-backup=test")


def _heads(database: Any) -> list[tuple[str]]:
    rows: list[tuple[str]] = database.fetch("SELECT version_num FROM alembic_version")
    return rows


def _too_soon(examined: Any) -> list[str]:
    """What `doctor` says of contract steps that come too soon, up to its first comma."""
    found = [one for item in examined.json()["targets"][0]["checks"] for one in item["obstacles"]]
    return [one["message"].partition(",")[0] for one in found if one["check"] == "contract-too-soon"]


@pytest.mark.long
def test_expand_stops_before_the_first_contract_revision(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[BASE])
    project.run("upgrade", "--no-backup=test").ok()
    for rev in (EXPAND, CONTRACT, LATER):
        project.add(rev)
    # the gate refuses the contract step, and lets what comes before it pass
    assert project.run("upgrade", "--no-backup=test").exit == 3
    done = project.run("upgrade", "--phase", "expand", "--no-backup=test", "--format", "json").ok().json()
    assert [step["revision"] for step in done["targets"][0]["steps"]] == ["b2"]
    assert done["targets"][0]["left"] == ["c3", "d4"]
    assert any("revision c3 contracts, so it and 1 after it are left" in notice for notice in done["notices"])
    assert _heads(pg_database) == [("b2",)]
    again = project.run("upgrade", "--phase", "expand", "--format", "json").ok().json()
    assert (again["targets"][0]["outcome"], again["targets"][0]["left"]) == ("nothing", ["c3", "d4"])
    project.run("upgrade", *ALLOWED).ok()
    assert _heads(pg_database) == [("d4",)]


@pytest.mark.long
def test_a_contract_step_waits_for_its_expand_step(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[BASE])
    project.run("upgrade", "--no-backup=test").ok()
    pg_database.fetch("UPDATE alembic_safe.step SET ended = ended - interval '3 days'")
    pg_database.fetch("UPDATE alembic_safe.run SET began = began - interval '3 days'")
    project.add(EXPAND)
    project.add(CONTRACT)
    done = project.run("upgrade", *ALLOWED, "--contract-after", "1d", "--format", "json")
    assert done.exit == 3, done
    message = "revision c3 contracts what b2 expanded, which is in the same run; contract-after asks for 24 h"
    assert done.json()["error"]["message"] == message
    project.run("upgrade", *ALLOWED, "--contract-after", "1d", "--phase", "expand").ok()
    done = project.run("upgrade", *ALLOWED, "--contract-after", "1d", "--format", "json")
    assert "what b2 expanded, which was applied" in done.json()["error"]["message"]
    assert _heads(pg_database) == [("b2",)]
    examined = project.run("doctor", "--contract-after", "1d", "--format", "json")
    assert (examined.exit, _too_soon(examined)) == (3, ["revision c3 contracts what b2 expanded"]), examined
    pg_database.fetch("UPDATE alembic_safe.step SET ended = ended - interval '2 days'")
    assert _too_soon(project.run("doctor", "--contract-after", "1d", "--format", "json").ok()) == []
    project.run("upgrade", *ALLOWED, "--contract-after", "1d").ok()


@pytest.mark.long
def test_sessions_of_the_code_before_hold_a_contract_step_up(pg_database: Any, make_project: Any) -> None:
    project = make_project(url=pg_database.url(), revisions=[BASE])
    project.run("upgrade", "--no-backup=test").ok()
    project.add(EXPAND)
    project.add(CONTRACT)
    pod = pg_database.connect(application_name="shop-v41")
    old = ("--old-application", "shop-v4[01]")
    done = project.run("upgrade", *ALLOWED, *old, "--format", "json")
    assert (done.exit, done.json()["error"]["message"]) == (
        3,
        "1 session of shop-v41 is connected, and revision c3 contracts",
    )
    project.run("upgrade", *ALLOWED, *old, "--phase", "expand").ok()
    pod.close()
    project.run("upgrade", *ALLOWED, *old).ok()
