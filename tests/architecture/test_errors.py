"""Errors and exit statuses: the documented table, a hint each, whole after a trip between processes."""

from __future__ import annotations

import pickle
import re

import pytest

from alembic_safe import errors
from tests.architecture.code import ROOT

# status -> the class that stands for it; 0 is no error
STATUSES = {
    1: errors.AlembicSafeError,
    2: errors.UsageError,
    3: errors.RefusedError,
    4: errors.LockHeldError,
    5: errors.RevisionFailedError,
    6: errors.DirtyTargetError,
    7: errors.BackupError,
    8: errors.UnknownRevisionError,
    9: errors.UnreachableError,
    10: errors.GaveUpError,
}


def _all(cls: type[errors.AlembicSafeError]) -> list[type[errors.AlembicSafeError]]:
    return [cls, *(deeper for one in cls.__subclasses__() for deeper in _all(one))]


CLASSES = [cls for cls in _all(errors.AlembicSafeError) if cls.__module__ == errors.__name__]


@pytest.mark.parametrize(("status", "cls"), STATUSES.items())
def test_each_status_has_its_class(status, cls):
    assert cls.exit_status == status


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_error_is_in_the_drawn_tree_with_its_status_and_has_a_hint(cls):
    line = re.search(rf"{cls.__name__}\s+(\d+) ", errors.__doc__ or "")
    assert line, "not in the docstring of errors.py"
    assert int(line[1]) == cls.exit_status
    assert cls.exit_status in STATUSES
    assert re.search(r"[.?]$", cls.default_hint), "a hint is one or more sentences"
    assert cls.__doc__


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_error_passes_between_processes(cls):
    back = pickle.loads(pickle.dumps(cls("a fault", hint="Do this.", detail="more")))
    assert (type(back), back.message, back.hint, back.detail) == (cls, "a fault", "Do this.", "more")
    assert str(back) == "a fault"


def test_the_readme_lists_every_status():
    rows = re.findall(r"^\| (\d+) \|", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    assert [int(row) for row in rows] == [0, *STATUSES]
