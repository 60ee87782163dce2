"""The statements that calls of a revision's source would send, of those that sent none."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ClauseElement

from alembic_safe.bridge.worker.unreached.bindings import Function, Tree
from alembic_safe.bridge.worker.unreached.evaluating import Evaluator, Fork
from alembic_safe.bridge.worker.unreached.pure import NotKnownError, Open
from alembic_safe.bridge.worker.unreached.snapshots import Snapshot, Snapshots
from alembic_safe.model.revisions import Composed, Direction
from alembic_safe.quick import dataclass

_EXECUTES = frozenset({"execute", "scalar", "scalars", "exec_driver_sql"})
_MOST_CHOICES = 200


@dataclass(frozen=True, slots=True)
class Ran:
    """What a step did: the names as they stood, the lines that issued statements, those that read rows."""

    snapshots: Snapshots
    seen: frozenset[int]
    reads: frozenset[int]


def composed(
    text: str, direction: Direction, ran: Ran, dialect: Any, spelled: Callable[[str], str]
) -> tuple[Composed, ...]:
    """The statements by the lines of their calls. A call is left out where what it sends is not known whole.

    Nothing of the project's is called, and no database asked.
    """
    if not ran.reads or not ran.snapshots.whole:
        return ()
    try:
        tree = Tree(text, direction)
    except (SyntaxError, ValueError):
        return ()
    found: list[Composed] = []
    left_out: set[int] = set()
    for call in _calls(tree.module):
        if any(line in ran.seen for line in range(call.lineno, (call.end_lineno or call.lineno) + 1)):
            continue
        sent = _Sent(tree, ran, dialect, spelled).of(call)
        if sent is None:
            left_out.add(call.lineno)
        else:
            found += sent
    return tuple(one for one in found if one.line not in left_out)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls that execute a statement which they are given."""
    for one in ast.walk(tree):
        if not isinstance(one, ast.Call) or not isinstance(one.func, ast.Attribute) or not one.args:
            continue
        if one.func.attr in _EXECUTES or (one.func.attr == "bulk_insert" and len(one.args) > 1):
            yield one


@dataclass(frozen=True, slots=True)
class _Sent:
    tree: Tree
    ran: Ran
    dialect: Any
    spelled: Callable[[str], str]

    def of(self, call: ast.Call) -> list[Composed] | None:
        """Its statements, each once; None where one of them is not known."""
        function = self.tree.function_of(call)
        places = _places(function, self.ran.snapshots.each)
        found: dict[str, Composed] = {}
        for snapshots in places or [[]]:
            known = False
            for names in [one.names for one in snapshots] or [{}]:
                try:
                    texts = [*self._texts(call, function, names)]
                except Exception:
                    # an expression that SQLAlchemy refuses without the values is one that is not known
                    continue
                known = True
                for text in texts:
                    found.setdefault(text, Composed(call.lineno, text, self._after(call, snapshots)))
            if not known:
                return None
        return [*found.values()]

    def _texts(self, call: ast.Call, function: Function | None, local: Mapping[str, Any]) -> Iterator[str]:
        """The statement under each choice of what is one of several."""
        left: list[dict[object, Any]] = [{}]
        tried = 0
        while left:
            chosen = left.pop()
            tried += 1
            if tried > _MOST_CHOICES:
                raise NotKnownError("there are too many ways to it")
            evaluator = Evaluator(
                self.tree,
                self.ran.reads,
                self.ran.snapshots.globals,
                function,
                local,
                chosen,
                self._elsewhere,
            )
            try:
                yield self._text(call, evaluator.value(call.args[0]))
            except Fork as fork:
                left += [{**chosen, fork.key: option} for option in fork.options]

    def _elsewhere(self, function: Function | ast.Lambda | None) -> list[Mapping[str, Any]]:
        """The names of another function, each time as they stood."""
        if not isinstance(function, Function):
            return []
        return [one.names for place in _places(function, self.ran.snapshots.each) for one in place]

    def _text(self, call: ast.Call, value: Any) -> str:
        assert isinstance(call.func, ast.Attribute)
        if call.func.attr == "bulk_insert" and isinstance(value, sa.sql.expression.TableClause):
            value = value.insert()
        if isinstance(value, str):
            plain = call.func.attr == "exec_driver_sql"
            return value if plain else self._compiled(sa.text(value))
        if isinstance(value, Open) or not isinstance(value, ClauseElement):
            raise NotKnownError("what is executed is not known")
        return self._compiled(value)

    def _compiled(self, value: ClauseElement) -> str:
        return self.spelled(str(value.compile(dialect=self.dialect)))

    def _after(self, call: ast.Call, snapshots: Sequence[Snapshot]) -> int:
        """The ordinal of the last statement that ran before it; 0 where none did that can be told."""
        before = [one.ordinal for one in snapshots if one.line < call.lineno]
        return max(before or [one.ordinal for one in snapshots], default=0)


def _places(function: Function | None, each: Collection[Snapshot]) -> list[list[Snapshot]]:
    """The snapshots of this function, those of one call of it together."""
    if function is None:
        return []
    first = min([function.lineno, *(one.lineno for one in function.decorator_list)])
    found: dict[tuple[int, int, str], list[Snapshot]] = {}
    for one in each:
        if one.first == first:
            found.setdefault(one.call, []).append(one)
    return [*found.values()]
