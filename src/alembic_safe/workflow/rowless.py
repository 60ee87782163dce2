"""What a revision did not issue on a scratch database, since it holds no rows: read from the revision's source.

A loop over rows, a branch on what was read: on a scratch nothing inside is reached. The lines of the statements that
ran are held against the calls that issue some; a call is missing when what decides about it was read from a table.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field

from alembic_safe.model.revisions import Direction
from alembic_safe.quick import dataclass
from alembic_safe.workflow.dialect_tests import DialectTests
from alembic_safe.workflow.rowless_calls import Calls, base_name

_MUTATORS = frozenset({"append", "add", "extend", "update", "insert", "setdefault", "appendleft"})
_PASSES = 12
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Unseen:
    """A call that issued nothing. `sql` is its text where that is known, else None.

    `repeated`: it stands in a loop over rows. `after` is the ordinal of the statement that it would follow (0: that is
    not known).
    """

    line: int
    sql: str | None
    repeated: bool = False
    after: int = 0


def unseen(
    text: str,
    direction: Direction,
    *,
    seen: Collection[int],
    reads: Collection[int],
    dialect: str = "postgresql",
) -> tuple[Unseen, ...]:
    """The calls of `direction`'s function, and of those it names, that rows would have reached, by line.

    `seen` are the lines that issued a statement, `reads` those that read rows of a table. Calls that only read are
    left out, as are branches for another dialect, and such that rows do not decide about (the catalog).
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()
    functions = {one.name: one for one in ast.walk(tree) if isinstance(one, _Function)}
    calls = Calls(tree, frozenset(functions), frozenset(seen))
    walk = _Walk(functions, calls, frozenset(reads), DialectTests(tree, dialect))
    for name in reachable(functions, direction):
        walk.reachable[name] = functions[name]
    for _ in range(_PASSES):
        before = walk.size
        walk.found.clear()
        for name, one in walk.reachable.items():
            walk.current = name
            walk.block(one.body, name in walk.decided)
        if walk.size == before:
            break
    return tuple(walk.found[line] for line in sorted(walk.found))


def reachable(functions: Mapping[str, _Function], entry: str) -> list[str]:
    """The entry and every function of the file that is named from there, by whatever use of the name."""
    found, left = list[str](), [entry]
    while left:
        name = left.pop()
        if name in functions and name not in found:
            found.append(name)
            left += [
                one.id if isinstance(one, ast.Name) else one.attr
                for one in ast.walk(functions[name])
                if isinstance(one, ast.Name | ast.Attribute)
            ]
    return found


@dataclass(slots=True)
class _Walk:
    """Which names hold what was read, each with the function that binds it ("": the file); `decided` are functions that
    are called only if rows say so.
    """

    functions: dict[str, _Function]
    calls: Calls
    reads: frozenset[int]
    dialects: DialectTests
    reachable: dict[str, _Function] = field(default_factory=dict)
    names: set[tuple[str, str]] = field(default_factory=set)
    bound: dict[str, frozenset[str]] = field(default_factory=dict)
    returns: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)
    found: dict[int, Unseen] = field(default_factory=dict)
    current: str = ""

    @property
    def size(self) -> int:
        return len(self.names) + len(self.returns) + len(self.decided)

    def block(self, body: Sequence[ast.stmt], by_rows: bool, looped: bool = False) -> bool:
        """Walk statements; the answer is whether rows decide about what comes after them."""
        for one in body:
            by_rows = self._statement(one, by_rows, looped)
        return by_rows

    def _statement(self, one: ast.stmt, by_rows: bool, looped: bool) -> bool:
        if isinstance(one, _Function | ast.ClassDef):
            return by_rows
        headers = [child for child in ast.iter_child_nodes(one) if isinstance(child, ast.expr)]
        headers += [item.context_expr for item in getattr(one, "items", ())]
        for header in headers:
            self._expression(header, by_rows, looped)
        here = by_rows or any(self._from_rows(header) for header in headers)
        if isinstance(one, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self._assign(one, by_rows, looped)
        elif isinstance(one, ast.Return) and here:
            self.returns.add(self.current)
        elif isinstance(one, ast.For | ast.AsyncFor | ast.While):
            return self._loop(one, here, by_rows)
        elif isinstance(one, ast.If):
            parts = self._possible(one)
            after = [self.block(part, here, looped) for part in parts]
            ends = here and any(_ends(part) for part in parts)
            return by_rows or ends or (not here and any(after))
        elif isinstance(one, ast.With | ast.AsyncWith):
            for item in one.items:
                if item.optional_vars is not None and self._from_rows(item.context_expr):
                    self._hold(item.optional_vars)
            return self.block(one.body, by_rows, looped)
        elif isinstance(one, ast.Try):
            by_rows = self.block(one.body, by_rows, looped)
            for part in (*(handler.body for handler in one.handlers), one.orelse, one.finalbody):
                self.block(part, by_rows, looped)
        elif isinstance(one, ast.Match):
            for case in one.cases:
                self.block(case.body, here, looped)
        return by_rows

    def _possible(self, one: ast.If) -> list[list[ast.stmt]]:
        """Those of its branches that are for this dialect."""
        outcome = self.dialects.outcome(one.test)
        return [part for part, of in ((one.body, True), (one.orelse, False)) if outcome in (None, of)]

    def _loop(self, one: ast.For | ast.AsyncFor | ast.While, here: bool, by_rows: bool) -> bool:
        if not isinstance(one, ast.While) and here:
            self._hold(one.target)
        self.block(one.body, here, here)
        self.block(one.orelse, by_rows)
        returns = any(isinstance(inner, ast.Return) for inner in ast.walk(one))
        return by_rows or (here and returns)

    def _assign(self, one: ast.Assign | ast.AnnAssign | ast.AugAssign, by_rows: bool, looped: bool) -> None:
        targets = one.targets if isinstance(one, ast.Assign) else [one.target]
        for target in targets:
            of_a_row = isinstance(target, ast.Attribute) and self._holds(base_name(target))
            if of_a_row and looped and self.calls.has_session and not self.calls.was_seen(one):
                self.found.setdefault(one.lineno, Unseen(one.lineno, None))
            if one.value is not None and (by_rows or self._from_rows(one.value)):
                self._hold(target)

    def _expression(self, whole: ast.expr, by_rows: bool, looped: bool) -> None:
        """Look at the calls in it, and hold what it puts into names."""
        for one in ast.walk(whole):
            if isinstance(one, ast.comprehension | ast.NamedExpr):
                value = one.iter if isinstance(one, ast.comprehension) else one.value
                if by_rows or self._from_rows(value):
                    self._hold(one.target)
        for one in ast.walk(whole):
            if isinstance(one, ast.Call):
                self._call(one, by_rows, looped)

    def _call(self, call: ast.Call, by_rows: bool, looped: bool) -> None:
        given = [*call.args, *(word.value for word in call.keywords)]
        from_rows = [self._from_rows(one) for one in given]
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name in self.functions and isinstance(call.func, ast.Name):
            self._into(self.functions[name], call, by_rows)
        elif isinstance(call.func, ast.Attribute) and name in _MUTATORS and (by_rows or any(from_rows)):
            self._hold(call.func.value)
        if by_rows or any(from_rows):
            issues, sql = self.calls.issues(call, looped or any(from_rows))
            if issues:
                self.found.setdefault(call.lineno, Unseen(call.lineno, sql, looped))

    def _into(self, called: _Function, call: ast.Call, by_rows: bool) -> None:
        if by_rows:
            self.decided.add(called.name)
        for word, value in zip(called.args.args, call.args, strict=False):
            if self._from_rows(value):
                self.names.add((called.name, word.arg))
        self.names |= {
            (called.name, word.arg) for word in call.keywords if word.arg and self._from_rows(word.value)
        }

    def _hold(self, target: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for one in target.elts:
                self._hold(one)
        elif (name := base_name(target)) and name not in self.calls.handles:
            self.names.add(self._key(name))

    def _key(self, name: str) -> tuple[str, str]:
        """The name with the function that binds it: the one at hand, or one of those around it."""
        if self.current not in self.bound:
            self.bound[self.current] = _bound(self.functions[self.current]) if self.current else frozenset()
        if name in self.bound[self.current]:
            return self.current, name
        here = self.functions.get(self.current)
        for other, function in self.functions.items():
            inside = function is not here and any(each is here for each in ast.walk(function))
            if inside and name in _bound(function):
                return other, name
        return "", name

    def _holds(self, name: str) -> bool:
        return self._key(name) in self.names

    def _from_rows(self, value: ast.expr) -> bool:
        if any(line in self.reads for line in range(value.lineno, (value.end_lineno or value.lineno) + 1)):
            return True
        return any(
            isinstance(one, ast.Name) and (self._holds(one.id) or one.id in self.returns)
            for one in ast.walk(value)
        )


def _bound(function: _Function) -> frozenset[str]:
    """The names that a function binds, its parameters with them, but for those of functions in it."""
    found = {word.arg for word in ast.walk(function.args) if isinstance(word, ast.arg)}
    left: list[ast.AST] = list(function.body)
    while left:
        one = left.pop()
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            found.add(one.id)
        if not isinstance(one, _Function | ast.Lambda):
            left += ast.iter_child_nodes(one)
    return frozenset(found)


def _ends(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Return | ast.Continue | ast.Break)


def lines_of(found: Sequence[Unseen]) -> Iterator[int]:
    """The lines whose text is not known, each once."""
    yield from dict.fromkeys(one.line for one in found if one.sql is None)
