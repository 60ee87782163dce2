"""Loops of a revision's source whose turns rows decide: what they issue once on a scratch, rows have them repeat."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

_COMMITS = frozenset({"commit", "autocommit_block"})
_COMMIT = re.compile(r"\s*commit\b", re.IGNORECASE)


def repeated(text: str, reads: Collection[int]) -> frozenset[int]:
    """The lines inside such loops that belong to one transaction; `reads` are lines that read rows of a table.

    A `while` counts always, a `for` where what it goes over was read or computed from what was; none that commits does.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return frozenset()
    found: set[int] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            held = _held(function, reads)
            for loop in _loops(function):
                by_rows = isinstance(loop, ast.While) or _of_rows(loop.iter, held, reads)
                if by_rows and not _commits(loop):
                    found |= _turns(loop)
    return frozenset(found)


def in_autocommit(text: str) -> frozenset[int]:
    """The lines inside `with ....autocommit_block():`, where each statement commits by itself."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(
        line
        for one in ast.walk(tree)
        if isinstance(one, ast.With | ast.AsyncWith)
        and any(
            isinstance(item.context_expr, ast.Call)
            and isinstance(item.context_expr.func, ast.Attribute)
            and item.context_expr.func.attr == "autocommit_block"
            for item in one.items
        )
        for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)
    )


def _loops(function: ast.AST) -> Iterator[ast.For | ast.AsyncFor | ast.While]:
    for one in ast.walk(function):
        if isinstance(one, ast.For | ast.AsyncFor | ast.While):
            yield one


def _turns(loop: ast.For | ast.AsyncFor | ast.While) -> set[int]:
    """The lines that each turn executes: the body, and what a `while` asks for."""
    last = loop.body[-1].end_lineno or loop.body[-1].lineno
    first = loop.lineno if isinstance(loop, ast.While) else loop.body[0].lineno
    return set(range(first, last + 1))


def _held(function: ast.AST, reads: Collection[int]) -> frozenset[str]:
    """The names that hold what was read from rows, or was computed from it."""
    held: frozenset[str] = frozenset()
    while True:
        more = held | {
            name.id
            for one in ast.walk(function)
            if isinstance(one, ast.Assign) and _of_rows(one.value, held, reads)
            for target in one.targets
            for name in ast.walk(target)
            if isinstance(name, ast.Name)
        }
        if more == held:
            return held
        held = more


def _of_rows(value: ast.expr, held: Collection[str], reads: Collection[int]) -> bool:
    lines = range(value.lineno, (value.end_lineno or value.lineno) + 1)
    return any(line in reads for line in lines) or any(
        isinstance(one, ast.Name) and one.id in held for one in ast.walk(value)
    )


def _commits(loop: ast.AST) -> bool:
    for one in ast.walk(loop):
        if isinstance(one, ast.Attribute) and one.attr in _COMMITS:
            return True
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and _COMMIT.match(one.value):
            return True
    return False
