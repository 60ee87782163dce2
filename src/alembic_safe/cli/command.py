"""What a command is: its name, its words for help, its arguments, and the work it hands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from alembic_safe.quick import dataclass

if TYPE_CHECKING:
    from alembic_safe.model.events import EventSink
    from alembic_safe.model.results import Result
    from alembic_safe.settings import Settings


@dataclass(frozen=True, slots=True)
class Argument:
    """A positional argument. `default` stands for it when it is not given, which `required` forbids."""

    name: str
    help: str
    required: bool = False
    default: str | None = None
    many: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `name` is as typed, with a space for one of a group; `work` calls the workflow.

    `asks_project`: it executes env.py, in a worker.
    `summary` is its line in a list; `details` are further paragraphs of its own help.
    """

    name: str
    summary: str
    details: str
    work: Callable[[Settings, Mapping[str, Any], EventSink], Result]
    arguments: tuple[Argument, ...] = ()
    asks_project: bool = True
