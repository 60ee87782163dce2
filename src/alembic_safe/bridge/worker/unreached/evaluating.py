"""The value of an expression of a revision's source at its place, where rows were never there to reach it.

Names are followed to what they are bound to; what only running the project's code could tell is left open.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from alembic_safe.bridge.worker.unreached.bindings import Binding, Function, Tree, names_of
from alembic_safe.bridge.worker.unreached.pure import (
    OPERATORS,
    OTHER,
    ROWS,
    SIGNS,
    NotKnownError,
    Open,
    bound,
    called,
    is_open,
    is_plain,
    is_value,
    may_read,
    opened,
)

_MOST_DEEP, _MOST_ITEMS = 60, 64
_READS = frozenset(
    [
        "execute",
        "scalar",
        "scalars",
        "query",
        "all",
        "first",
        "one",
        "one_or_none",
        "fetchall",
        "fetchone",
        "fetchmany",
        "get",
    ]
)
_MUTATORS = frozenset(
    [
        "append",
        "add",
        "extend",
        "update",
        "insert",
        "setdefault",
        "pop",
        "remove",
        "discard",
        "clear",
        "appendleft",
    ]
)


class Fork(Exception):
    """The value is one of several, each to be tried: `options` for the binding that `key` names."""

    def __init__(self, key: object, options: Sequence[Any]) -> None:
        super().__init__()
        self.key, self.options = key, options


class Evaluator:
    """Evaluates under one choice of what is one of several. `local` are names of `function` as they stood there.

    `reads` are the lines that read rows, `chosen` what was chosen at a `Fork`.
    """

    def __init__(
        self,
        tree: Tree,
        reads: frozenset[int],
        module: Mapping[str, Any],
        function: Function | None,
        local: Mapping[str, Any],
        chosen: Mapping[object, Any],
        elsewhere: Callable[[Any], Sequence[Mapping[str, Any]]] = lambda _: (),
    ) -> None:
        self._tree, self._reads, self._module = tree, reads, module
        self._function, self._local, self._chosen = function, local, chosen
        self._elsewhere = elsewhere
        self._deep = 0
        # as when it runs, what a name is bound to is made once: two tables of one name are two to SQLAlchemy
        self._made: dict[ast.AST, Any] = {}

    def value(self, node: ast.expr) -> Any:
        """Its value, or an `Open` one. Raises `NotKnownError` where SQL would not be known whole, and `Fork`."""
        self._deep += 1
        try:
            if self._deep > _MOST_DEEP:
                raise NotKnownError("it is too long a way to where it comes from")
            method = getattr(self, f"_{type(node).__name__.lower()}", None)
            return method(node) if method is not None else self._rest(node)
        finally:
            self._deep -= 1

    # ---- names

    def _name(self, node: ast.Name) -> Any:
        return self._of_binding(node.id, self._tree.binding(node.id, node))

    def _of_binding(self, name: str, found: Binding) -> Any:
        if found.kind == "global":
            return self._of_module(name)
        if found.kind == "parameter":
            assert found.function is not None
            return self._parameter(name, found.function) if found.alone else ROWS
        if found.kind == "loop":
            return self._item(name, found)
        if found.kind == "unclear":
            return ROWS
        if found.kind == "with":
            return self._as_it_stood(name, found, OTHER)
        assert isinstance(found.node, ast.expr) and found.target is not None
        if isinstance(found.node, ast.List | ast.Dict | ast.Set) and self._is_filled(name, found.function):
            return ROWS
        if found.node not in self._made:
            try:
                self._made[found.node] = self.value(found.node)
            except NotKnownError as error:
                real = self._as_it_stood(name, found, ROWS if error.rows else OTHER)
                if isinstance(real, Open):
                    raise
                return real
        value = self._made[found.node]
        if found.kind == "item" and not isinstance(value, Open):
            value = _part(name, found.target, value)
        return self._as_it_stood(name, found, value) if isinstance(value, Open) else value

    def _of_module(self, name: str) -> Any:
        if name in self._module:
            return self._module[name]
        known = self._module.get("__builtins__", {})
        known = known if isinstance(known, Mapping) else vars(known)
        return known.get(name, ROWS)

    def _as_it_stood(self, name: str, found: Binding, value: Open) -> Any:
        """The real object, where it did not come of rows and the name is bound but once."""
        if value.rows or not found.alone:
            return value
        if found.function is self._function:
            return self._local.get(name, value)
        there = [one[name] for one in self._elsewhere(found.function) if name in one]
        same = there and all(one is there[0] for one in there)
        return there[0] if same else value

    def _parameter(self, name: str, function: Function | ast.Lambda) -> Any:
        calls = self._tree.calls_of(function)
        if function is self._function and name in self._local:
            return ROWS if any(self._of_rows(name, function, call) for call in calls) else self._local[name]
        called_as = self._tree.name_of(function)
        if not calls or called_as in ("upgrade", "downgrade"):
            return ROWS
        key = ("call", called_as)
        if key not in self._chosen:
            raise Fork(key, calls[:_MOST_ITEMS])
        return self._given(name, function, self._chosen[key])

    def _of_rows(self, name: str, function: Function | ast.Lambda, call: ast.Call) -> bool:
        """Whether a call gives something for it that rows gave."""
        try:
            given = self._given(name, function, call)
        except Fork:
            return False  # one of what is written down: which, is told by the names as they stood
        return isinstance(given, Open) and given.rows

    def _given(self, name: str, function: Function | ast.Lambda, call: ast.Call) -> Any:
        """What a call of the file gives for a parameter."""
        words = [*function.args.posonlyargs, *function.args.args]
        at = next((number for number, word in enumerate(words) if word.arg == name), None)
        value: ast.expr | None = next((word.value for word in call.keywords if word.arg == name), None)
        if value is None and at is not None and at < len(call.args):
            value = call.args[at]
        if value is None:
            return self._default(name, function)
        return self.value(value)

    def _default(self, name: str, function: Function | ast.Lambda) -> Any:
        given = function.args
        words = [*given.posonlyargs, *given.args]
        pairs: list[tuple[ast.arg, ast.expr | None]] = [
            *zip(words[len(words) - len(given.defaults) :], given.defaults, strict=True),
            *zip(given.kwonlyargs, given.kw_defaults, strict=True),
        ]
        default = next((value for word, value in pairs if word.arg == name), None)
        return self.value(default) if default is not None else ROWS

    def _item(self, name: str, found: Binding) -> Any:
        """One item of what a loop goes over, where that is written down."""
        assert isinstance(found.node, ast.expr) and found.target is not None
        many = self.value(found.node)
        if isinstance(many, Open):
            return many
        if not is_plain(many) or not hasattr(many, "__len__") or len(many) > _MOST_ITEMS:
            return ROWS
        key = ("item", found.node.lineno, found.node.col_offset)
        if key not in self._chosen:
            raise Fork(key, [*many])
        return _part(name, found.target, self._chosen[key])

    def _is_filled(self, name: str, function: Function | ast.Lambda | None) -> bool:
        """Whether something puts more into a list or the like than it is made with."""
        for one in ast.walk(function or self._tree.module):
            if (
                isinstance(one, ast.Call)
                and isinstance(one.func, ast.Attribute)
                and one.func.attr in _MUTATORS
            ):
                if isinstance(one.func.value, ast.Name) and one.func.value.id == name:
                    return True
            elif isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Store):
                if isinstance(one.value, ast.Name) and one.value.id == name:
                    return True
            elif isinstance(one, ast.AugAssign) and name in names_of(one.target):
                return True
        return False

    # ---- expressions

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _attribute(self, node: ast.Attribute) -> Any:
        base = self.value(node.value)
        if isinstance(base, Open):
            return base
        if not may_read(base, node.attr) or node.attr.startswith("__"):
            return OTHER
        try:
            return getattr(base, node.attr)
        except AttributeError as error:
            raise NotKnownError(f"there is no {node.attr}") from error

    def _subscript(self, node: ast.Subscript) -> Any:
        base, key = self.value(node.value), self.value(node.slice)
        if isinstance(base, Open) or not is_plain(base):
            return opened((base, key))
        if isinstance(key, Open) and not hasattr(base, "columns"):
            return key
        if isinstance(key, Open) or not isinstance(key, str | int):
            raise NotKnownError("which of them is not known")
        return base[key]

    def _tuple(self, node: ast.Tuple | ast.List | ast.Set) -> Any:
        items = [self.value(one.value if isinstance(one, ast.Starred) else one) for one in node.elts]
        if any(isinstance(one, ast.Starred) for one in node.elts):
            return opened(items)
        return tuple(items) if isinstance(node, ast.Tuple) else items

    _list = _set = _tuple

    def _dict(self, node: ast.Dict) -> Any:
        found: dict[Any, Any] = {}
        for key, one in zip(node.keys, node.values, strict=True):
            value = self.value(one)
            if key is None:
                if not isinstance(value, Mapping):
                    return ROWS
                found.update(value)
                continue
            known = self.value(key)
            if isinstance(known, Open):
                return ROWS
            found[known] = value
        return found

    def _joinedstr(self, node: ast.JoinedStr) -> Any:
        parts = [self.value(one.value if isinstance(one, ast.FormattedValue) else one) for one in node.values]
        if not all(type(one) in (str, int) for one in parts):
            return opened(parts) if is_open(parts) else OTHER
        if any(
            isinstance(one, ast.FormattedValue) and (one.format_spec or one.conversion != -1)
            for one in node.values
        ):
            return OTHER
        return "".join(map(str, parts))

    def _binop(self, node: ast.BinOp) -> Any:
        return self._operated(type(node.op), self.value(node.left), self.value(node.right))

    def _compare(self, node: ast.Compare) -> Any:
        if len(node.ops) != 1:
            return self._rest(node)
        return self._operated(type(node.ops[0]), self.value(node.left), self.value(node.comparators[0]))

    def _operated(self, kind: type, left: Any, right: Any) -> Any:
        work = OPERATORS.get(kind)
        if work is None:
            return opened((left, right))
        if is_value(left, right) and kind not in (ast.Is, ast.IsNot):
            return work(bound(left), bound(right))
        if is_open((left, right)) or not is_plain(left, right):
            return opened((left, right))
        return work(left, right)

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(value, Open):
            return value
        if isinstance(node.op, ast.Not) and is_value(value, value):
            raise NotKnownError("what is negated is not known")
        return SIGNS[type(node.op)](value)

    def _ifexp(self, node: ast.IfExp) -> Any:
        test = self.value(node.test)
        if type(test) in (bool, str, int):
            return self.value(node.body if test else node.orelse)
        sides = self.value(node.body), self.value(node.orelse)
        if any(
            not isinstance(one, Open) and type(one) not in (str, int, float, bool, type(None))
            for one in sides
        ):
            raise NotKnownError("which of two expressions it is, is not known")
        return opened((test, *sides))

    def _await(self, node: ast.Await) -> Any:
        return self.value(node.value)

    def _call(self, node: ast.Call) -> Any:
        function = self.value(node.func)
        args = [self.value(one.value if isinstance(one, ast.Starred) else one) for one in node.args]
        words = {word.arg: self.value(word.value) for word in node.keywords if word.arg}
        for word in node.keywords:
            if word.arg is None:
                more = self.value(word.value)
                if not isinstance(more, Mapping) or is_open(list(more)):
                    return self._not_made(node, [args, ROWS])
                words.update(more)
        if isinstance(function, Open) or self._came_of_rows(node):
            return self._not_made(node, [function, args, words])
        if any(isinstance(one, ast.Starred) for one in node.args):
            flat: list[Any] = []
            for one, value in zip(node.args, args, strict=True):
                if isinstance(one, ast.Starred) and not isinstance(value, list | tuple):
                    return self._not_made(node, [ROWS])
                flat += value if isinstance(one, ast.Starred) else [value]
            args = flat
        result = called(function, args, words)
        return self._not_made(node, [args, words]) if isinstance(result, Open) else result

    def _not_made(self, node: ast.Call, parts: Any) -> Open:
        """The open value of a call that is not made here."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        return ROWS if name in _READS or self._came_of_rows(node) else opened(parts)

    def _came_of_rows(self, node: ast.expr) -> bool:
        """Whether rows were read on its lines, or by a function of the file that it calls."""
        return any(
            line in self._reads
            for one in (node, *self._tree.called_by(node))
            for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)
        )

    def _rest(self, node: ast.expr) -> Any:
        """What is not evaluated: open, by rows where any name in it is."""
        for one in ast.walk(node):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
                try:
                    value = self.value(one)
                except Fork:
                    continue  # one of what is written down
                if isinstance(value, Open) and value.rows:
                    return ROWS
        return ROWS if self._came_of_rows(node) else OTHER


def _part(name: str, target: ast.expr, value: Any) -> Any:
    """What of a value the name gets where it is taken apart."""
    if isinstance(target, ast.Name):
        return value
    if not isinstance(target, ast.Tuple | ast.List) or not isinstance(value, tuple | list):
        return ROWS
    if len(target.elts) != len(value):
        return ROWS
    for one, part in zip(target.elts, value, strict=True):
        if name in names_of(one):
            return _part(name, one, part)
    return ROWS
