"""The package as a library: each use case is a function, however often and in whatever order it is asked for."""

from __future__ import annotations

from importlib import import_module

import pytest

from alembic_safe import workflow


@pytest.mark.parametrize("name", workflow.__all__)
def test_use_case_stays_a_function_after_its_module_is_imported(name):
    for _ in range(2):
        assert callable(getattr(workflow, name))
    import_module("alembic_safe.workflow.check")
    import_module("alembic_safe.workflow.plan")
    assert callable(getattr(workflow, name))
