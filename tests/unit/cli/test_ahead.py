"""What is begun before the command line is read."""

from __future__ import annotations

from alembic_safe.cli.ahead import ASKING
from alembic_safe.cli.commands import COMMANDS


def test_the_commands_that_execute_env_py_are_the_ones_begun_ahead() -> None:
    assert {command.name.partition(" ")[0] for command in COMMANDS if command.asks_project} == ASKING
