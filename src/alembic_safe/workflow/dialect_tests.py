"""Tests of a revision's source for the dialect that it runs on: what they come to on one that is known. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_HOW = ast.Eq | ast.NotEq | ast.In | ast.NotIn


class DialectTests:
    """What the file holds the dialect's name in, and what its tests come to on `dialect`."""

    def __init__(self, tree: ast.AST, dialect: str) -> None:
        self._dialect = dialect
        self._names: set[str] = set()
        for one in ast.walk(tree):
            if isinstance(one, ast.Assign) and self._is_name(one.value):
                self._names |= {target.id for target in one.targets if isinstance(target, ast.Name)}

    def outcome(self, test: ast.expr) -> bool | None:
        """Whether the test holds; None where more than the dialect decides, or something else does."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.outcome(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            return _joined(isinstance(test.op, ast.And), map(self.outcome, test.values))
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], _HOW) and len(test.ops) == 1:
            return self._compared(test.ops[0], test.left, test.comparators[0])
        if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and len(test.args) == 1:
            given = _written(test.args[0])
            if test.func.attr == "startswith" and isinstance(given, str) and self._is_name(test.func.value):
                return self._dialect.startswith(given)
        return None

    def _compared(self, how: ast.cmpop, left: ast.expr, right: ast.expr) -> bool | None:
        with_one = isinstance(how, ast.Eq | ast.NotEq)
        if with_one and self._is_name(right):
            left, right = right, left
        written = _written(right)
        if not self._is_name(left) or not isinstance(written, str if with_one else tuple):
            return None
        same = self._dialect == written if with_one else self._dialect in written
        return same == isinstance(how, ast.Eq | ast.In)

    def _is_name(self, value: ast.expr) -> bool:
        if isinstance(value, ast.Name):
            return value.id in self._names
        if not isinstance(value, ast.Attribute) or value.attr != "name":
            return False
        base = value.value
        return (isinstance(base, ast.Attribute) and base.attr == "dialect") or (
            isinstance(base, ast.Name) and base.id == "dialect"
        )


def _joined(all_of: bool, outcomes: Iterable[bool | None]) -> bool | None:
    each = list(outcomes)
    if (not all_of) in each:
        return not all_of
    return None if None in each else all_of


def _written(value: ast.expr) -> str | tuple[str, ...] | None:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        found = [
            one.value for one in value.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        return tuple(found) if len(found) == len(value.elts) else None
    return None
