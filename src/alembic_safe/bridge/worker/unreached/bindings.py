"""Where a name of a revision's source gets its value: the binding that reaches a place, by the order of the text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

from alembic_safe.quick import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = ("body", "orelse", "finalbody", "handlers")
Kind = Literal["value", "item", "loop", "with", "parameter", "global", "unclear"]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name stands for. "value": `node` is the expression; "item": a part of it, taken apart; "loop": an item of
    what `node` is; "with": what `node` enters; "parameter": of `function`; "global": the module's; "unclear": it
    depends on which way the code went. `target` is what the value is bound to.
    """

    kind: Kind
    node: ast.AST | None = None
    target: ast.expr | None = None
    function: Function | ast.Lambda | None = None
    alone: bool = True


class Tree:
    """A revision's source with the parent of every node; `entry` is the function that alembic calls."""

    def __init__(self, text: str, entry: str) -> None:
        self.module = ast.parse(text)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.functions: dict[str, Function] = {}
        for one in ast.walk(self.module):
            if isinstance(one, Function):
                self.functions[one.name] = one
            for child in ast.iter_child_nodes(one):
                self.parents[child] = one
        start = self.functions.get(entry)
        self._reached = [start, *self.called_by(start)] if start is not None else []

    def function_of(self, node: ast.AST) -> Function | None:
        """The innermost function that the node stands in; for a function itself, the one around it."""
        here = self.parents.get(node)
        while here is not None and not isinstance(here, Function):
            here = self.parents.get(here)
        return here

    def calls_of(self, function: Function | ast.Lambda) -> list[ast.Call]:
        """The calls of this function by its name, in what the entry leads to."""
        name = self.name_of(function)
        return [
            one
            for one in ast.walk(self.module)
            if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == name
            if self.function_of(one) in (None, *self._reached)
        ]

    def name_of(self, function: Function | ast.Lambda) -> str:
        """Its name; of a lambda the one that it is given, "" where that is none or several."""
        if isinstance(function, Function):
            return function.name
        parent = self.parents.get(function)
        names = (
            names_of(parent.targets[0]) if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else ()
        )
        return next(iter(names), "") if len(names) == 1 else ""

    def called_by(self, node: ast.AST) -> list[Function]:
        """The functions of the file that are named in it, and in these."""
        found, left = list[Function](), [node]
        while left:
            for one in ast.walk(left.pop()):
                named = self.functions.get(one.id) if isinstance(one, ast.Name) else None
                if named is not None and named not in found:
                    found.append(named)
                    left.append(named)
        return found

    def binding(self, name: str, at: ast.AST) -> Binding:
        """What `name` is bound to where `at` stands."""
        here, loops, crossed = at, list[ast.AST](), False
        while True:
            parent = self.parents.get(here)
            if parent is None or isinstance(parent, ast.Module):
                return Binding("global")
            if isinstance(parent, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
                for one in parent.generators:
                    if name in names_of(one.target):
                        return Binding("loop", one.iter, one.target)
            if isinstance(here, ast.stmt | ast.ExceptHandler):
                found = self._among(name, here, parent, loops)
                if found is not None:
                    # a function may be called long after it was made, and its surroundings be bound anew by then
                    return found if found.alone or not crossed else Binding("unclear")
            if isinstance(parent, ast.Lambda) and name in _parameters(parent):
                return Binding("parameter", function=parent)
            if isinstance(parent, Function):
                if name in _parameters(parent):
                    return Binding("parameter", function=parent, alone=not _rebound(name, parent))
                if any(
                    isinstance(one, ast.Global | ast.Nonlocal) and name in one.names
                    for one in ast.walk(parent)
                ):
                    return Binding("unclear")
                loops, crossed = [], True
            here = parent

    def _among(self, name: str, here: ast.AST, parent: ast.AST, loops: list[ast.AST]) -> Binding | None:
        """The binding by what stands before `here` in its block, or by the statement around it."""
        block = next((part for part in _blocks_of(parent) if here in part), [])
        before = block[: next(number for number, one in enumerate(block) if one is here)] if block else []
        for one in reversed(before):
            found = self._by(name, one)
            if found is not None:
                # a later turn of a loop may have bound it again, after the place where it is used
                turned = any(_binds_after(name, loop, here) for loop in loops)
                return Binding("unclear") if turned else found
        if isinstance(parent, ast.For | ast.AsyncFor) and here in parent.body:
            if name in names_of(parent.target):
                again = any(name in _bound_in(one) for one in parent.body)
                return Binding("unclear") if again else Binding("loop", parent.iter, parent.target)
            loops.append(parent)
        elif isinstance(parent, ast.While):
            loops.append(parent)
        elif isinstance(parent, ast.With | ast.AsyncWith):
            for item in parent.items:
                if item.optional_vars is not None and name in names_of(item.optional_vars):
                    return Binding("with", item.context_expr, item.optional_vars, self.function_of(here))
        elif isinstance(parent, ast.ExceptHandler) and parent.name == name:
            return Binding("unclear")
        return None

    def _by(self, name: str, one: ast.stmt) -> Binding | None:
        """The binding by a statement that has run before; None where it binds no such name."""
        function = self.function_of(one)
        if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None:
            for target in one.targets if isinstance(one, ast.Assign) else [one.target]:
                if isinstance(target, ast.Name) and target.id == name:
                    return Binding("value", one.value, target, function, self._once(name, function))
                if name in names_of(target):
                    return Binding("item", one.value, target, function, self._once(name, function))
            return Binding("unclear") if name in _bound_in(one) else None
        if isinstance(one, ast.With | ast.AsyncWith):
            for item in one.items:
                if item.optional_vars is not None and name in names_of(item.optional_vars):
                    return Binding("with", item.context_expr, item.optional_vars, function)
            return next((found for each in reversed(one.body) if (found := self._by(name, each))), None)
        if isinstance(one, ast.Try) and all(_leaves(handler.body) for handler in one.handlers):
            # what comes after it comes after all of its body
            ran = [*one.body, *one.orelse, *one.finalbody]
            return next((found for each in reversed(ran) if (found := self._by(name, each))), None)
        if isinstance(one, Function | ast.ClassDef):
            return Binding("unclear") if one.name == name and function is not None else None
        if isinstance(one, ast.Import | ast.ImportFrom):
            named = any((word.asname or word.name.partition(".")[0]) == name for word in one.names)
            return (
                Binding("with", None, None, function, self._once(name, function))
                if named and function
                else None
            )
        return Binding("unclear") if name in _bound_in(one) else None

    def _once(self, name: str, function: Function | None) -> bool:
        """Whether the function binds the name in one place only."""
        return function is None or sum(name in one for one in _each_bound(function)) == 1


def names_of(target: ast.AST) -> frozenset[str]:
    """The names that a target binds; those it only sets an item or attribute of are none of them."""
    if isinstance(target, ast.Name):
        return frozenset({target.id})
    if isinstance(target, ast.Tuple | ast.List):
        return frozenset().union(*map(names_of, target.elts)) if target.elts else frozenset()
    return names_of(target.value) if isinstance(target, ast.Starred) else frozenset()


def _leaves(block: list[ast.stmt]) -> bool:
    return bool(block) and isinstance(block[-1], ast.Raise | ast.Return | ast.Continue | ast.Break)


def _blocks_of(parent: ast.AST) -> Iterator[list[ast.stmt]]:
    for part in _BLOCKS:
        block = getattr(parent, part, None)
        if isinstance(block, list):
            yield block


def _each_bound(node: ast.AST) -> Iterator[frozenset[str]]:
    """The names of each binding in it."""
    for one in ast.walk(node):
        if isinstance(one, ast.Assign):
            yield from map(names_of, one.targets)
        elif isinstance(one, ast.AnnAssign | ast.AugAssign | ast.NamedExpr | ast.For | ast.AsyncFor):
            yield names_of(one.target)
        elif isinstance(one, ast.withitem) and one.optional_vars is not None:
            yield names_of(one.optional_vars)
        elif isinstance(one, ast.Import | ast.ImportFrom):
            yield frozenset(word.asname or word.name.partition(".")[0] for word in one.names)
        elif isinstance(one, ast.ExceptHandler) and one.name:
            yield frozenset({one.name})
        elif isinstance(one, ast.Delete):
            yield frozenset().union(*map(names_of, one.targets))
        elif isinstance(one, Function | ast.ClassDef) and one is not node:
            yield frozenset({one.name})


def _bound_in(node: ast.AST) -> frozenset[str]:
    return frozenset().union(*_each_bound(node))


def _binds_after(name: str, loop: ast.AST, here: ast.AST) -> bool:
    """Whether the loop's body binds the name anywhere: a later turn would see it."""
    return any(name in _bound_in(one) for one in getattr(loop, "body", []))


def _parameters(function: Function | ast.Lambda) -> list[str]:
    given = function.args
    words = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [word.arg for word in words if word is not None]


def _rebound(name: str, function: Function) -> bool:
    return any(name in one for one in _each_bound(function))
