"""`--replica-lag`: between revisions a standby that stays behind is waited for, and named when that takes too long."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest

from tests.support.databases import DEFAULT_DRIVER
from tests.support.processes import wait_until
from tests.support.projects import Rev
from tests.support.standby import streaming

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


# online it waits in its middle until the test has stopped the standby's replay
_PAUSED_IN = """op.execute('create table t (id int)')
if not op.get_context().as_sql:
    import pathlib, time
    pathlib.Path('began').touch()
    while not pathlib.Path('paused').exists():
        time.sleep(0.05)"""


@pytest.mark.long
def test_each_revision_waits_for_the_standby(make_project: Any) -> None:
    with streaming() as pair:
        project = make_project(
            url=pair.primary.url(DEFAULT_DRIVER),
            revisions=[Rev("a1", _PAUSED_IN), Rev("b2", "op.execute('create table u (id int)')")],
        )
        paced = ("upgrade", "--no-backup=test", "--replica-lag", "1s", "--format", "json")
        process = project.start(*paced, "--replica-lag-wait", "1s")
        wait_until(lambda: (project.path / "began").exists(), 60)
        pair.pause()
        (project.path / "paused").touch()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 10, err
        assert json.loads(out)["error"]["message"].startswith(f"standby {pair.name} is ")
        assert [s["revision"] for s in json.loads(out)["targets"][0]["steps"]] == ["a1"]

        process = project.start(*paced, "--replica-lag-wait", "60s")
        with pair.primary.connect() as connection:
            opened = "SELECT count(*) FROM alembic_safe.run"
            wait_until(lambda: connection.execute(opened).fetchall() == [(2,)], 60)
        time.sleep(2.0)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 5, err
        assert "interrupted by SIGTERM" in json.loads(out)["error"]["message"]
        assert time.monotonic() - began < 10

        process = project.start(*paced, "--replica-lag-wait", "60s")
        with pair.primary.connect() as connection:
            wait_until(lambda: connection.execute(opened).fetchall() == [(3,)], 60)
        time.sleep(2.0)
        assert process.poll() is None
        pair.resume()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert [s["revision"] for s in json.loads(out)["targets"][0]["steps"]] == ["b2"]
