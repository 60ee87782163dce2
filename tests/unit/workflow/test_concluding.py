"""What a command ends with that failed after its last revision."""

from __future__ import annotations

import pytest

from alembic_safe.errors import AlembicSafeError, ProjectError, UnreachableError
from alembic_safe.workflow.concluding import _after_the_end


@pytest.mark.parametrize("kind", [ProjectError, UnreachableError])
def test_a_lost_connection_is_no_fault_of_env_py(kind: type[AlembicSafeError]) -> None:
    assert _after_the_end(None) is None
    error = _after_the_end(kind("it broke", hint="Do this."))
    assert type(error) is kind and error.exit_status == kind.exit_status
    assert "every revision is applied and read back" in error.message and error.message.endswith("it broke")
    assert error.hint == "Do this."
