"""When a section makes another attempt: not once the run has lost what it needs for it."""

from __future__ import annotations

from typing import Any

import pytest

from alembic_safe.apply.interrupts import Interrupts
from alembic_safe.apply.retrying import Ended
from alembic_safe.apply.section import _again
from alembic_safe.apply.tasks import Attempted, TargetTask
from alembic_safe.errors import AlembicSafeError, LockHeldError, ProjectError, UnreachableError, WorkerError
from alembic_safe.model.policies import GuardPolicy
from alembic_safe.model.targets import ConnectParameters, Target, VersionTable

_PARAMETERS = ConnectParameters("postgresql", "psycopg", {})


def _task() -> TargetTask:
    nothing: Any = None  # neither is asked before another attempt begins
    target = Target(0, "alembic", _PARAMETERS, VersionTable("alembic_version", "public"), ())
    return TargetTask(target, "r1", ("a1",), ("a1",), "upgrade", nothing, nothing, {})


@pytest.mark.parametrize(
    ("stopped", "again"),
    [
        (None, True),
        (ProjectError("canceling statement due to lock timeout"), True),
        (WorkerError("the process that executed env.py was ended by SIGKILL"), True),
        (UnreachableError("the connection was lost"), False),
        (LockHeldError("the lease on the database is no longer ours"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_is_tried_again_without_the_deploy_lock(
    stopped: AlembicSafeError | None, again: bool
) -> None:
    """The lock dies with our connection: another deployer may be at work already."""
    done = Attempted(stopped, _task(), Ended("a1", "rolled_back", "55P03"))
    assert _again(done, None, GuardPolicy(), [], Interrupts(), lambda event: None) is again
