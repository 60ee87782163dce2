"""The local names of a revision's functions at each statement that they issue."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from types import FrameType, ModuleType
from typing import Any

from sqlalchemy.sql.elements import ClauseElement

from alembic_safe.bridge.worker.locate import Locator, stacks
from alembic_safe.quick import dataclass

_MOST = 400
# what is kept tells of structure; no rows, results, cursors or sessions, whose end a reference would put off
_KEPT = (ClauseElement, ModuleType, type, Enum, str, int, bool)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One function of the file at one statement. `first` is the line its code begins at, decorators included.

    `line` is where it stood, `ordinal` the statement's, `called_from` the line of the file that called it (0: another
    file did) and `given` the texts and numbers among its arguments, so that two calls can be told apart.
    """

    first: int
    line: int
    ordinal: int
    called_from: int
    names: Mapping[str, Any]
    given: str = ""

    @property
    def call(self) -> tuple[int, int, str]:
        """The same for all snapshots of one call, as far as that can be told; of two calls alike, the same too."""
        return self.first, self.called_from, self.given


@dataclass(slots=True)
class Snapshots:
    """Those of one step. `whole` False: there were more than are kept."""

    locator: Locator
    each: list[Snapshot] = field(default_factory=list)
    globals: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = True

    def take(self, ordinal: int) -> None:
        """Look at every function of the file that is under way."""
        mine = [frame for frame in stacks(sys._getframe(1)) if self.locator.holds(frame.f_code.co_filename)]
        for frame, caller in zip(mine, [*mine[1:], None], strict=True):
            self.globals = frame.f_globals
            self._keep(_of(frame, caller, ordinal))

    def _keep(self, one: Snapshot) -> None:
        """Keep it; of several alike, as many statements of one line are, the last alone."""
        for number in range(len(self.each) - 1, max(-1, len(self.each) - 9), -1):
            if _alike(self.each[number], one):
                self.each[number] = one
                return
        if len(self.each) < _MOST:
            self.each.append(one)
        else:
            self.whole = False


def _alike(one: Snapshot, other: Snapshot) -> bool:
    return (
        (*one.call, one.line) == (*other.call, other.line)
        and one.names.keys() == other.names.keys()
        and all(value is other.names[name] for name, value in one.names.items())
    )


def _of(frame: FrameType, caller: FrameType | None, ordinal: int) -> Snapshot:
    # by its type alone: a proxy of the application's would be asked for its class, and may refuse
    names = {
        name: value
        for name, value in frame.f_locals.items()
        if value is None or issubclass(type(value), _KEPT)
    }
    code = frame.f_code
    words = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    given = [(word, names[word]) for word in words if type(names.get(word)) in (str, int, bool)]
    return Snapshot(
        code.co_firstlineno,
        frame.f_lineno,
        ordinal,
        caller.f_lineno if caller else 0,
        names,
        repr(given) if caller else "",
    )
