"""The command starts quickly: what `--help` does not need is not imported."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

HEAVY = {
    "alembic",
    "sqlalchemy",
    "sqlglot",
    "pydantic",
    "pydantic_settings",
    "psycopg",
    "sqlite3",
    "psycopg2",
}
# the command ends its process at once, which leaves no time to look
SCRIPT = """
import os, sys
os._exit = sys.exit
sys.argv = ["alembic-safe", *{arguments!r}]
from alembic_safe.cli import main
try:
    main()
finally:
    print("imported:", *{{name.partition(".")[0] for name in sys.modules}}, file=sys.stderr)
"""


# typer itself imports pydantic, where it is installed, once it reads a parameter
TYPERS_OWN = {"pydantic"}


@pytest.mark.parametrize(
    ("arguments", "word", "heavy"),
    [
        (["--help"], "upgrade", HEAVY),
        (["upgrade", "--help"], "--no-backup", HEAVY - TYPERS_OWN),
        (["--version"], "alembic-safe ", HEAVY - TYPERS_OWN),
    ],
)
def test_help_imports_nothing_heavy(arguments, word, heavy):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=arguments)], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert word in done.stdout
    imported = set(done.stderr.rpartition("imported:")[2].split())
    assert "alembic_safe" in imported
    assert imported & heavy == set()


@pytest.mark.parametrize("room", ["bridge", "databases", "workflow"])
def test_a_name_that_is_imported_late_is_no_module(room: str) -> None:
    """Importing a submodule of a name that its package exports would bind that name to the module."""
    package = importlib.import_module(f"alembic_safe.{room}")
    for home in set(package._HOMES.values()):
        importlib.import_module(f"{package.__name__}.{home}")
    assert set(package._HOMES) <= set(package.__all__)
    assert not [name for name in package._HOMES if isinstance(getattr(package, name), ModuleType)]
