"""Which calls of a revision's source issue statements, and the SQL of those that write it down."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

_QUIET_OPS = frozenset(
    {"get_bind", "get_context", "f", "inline_literal", "batch_alter_table", "invoke", "run_async"}
)
_EXECUTES = frozenset({"execute", "executemany", "exec_driver_sql", "scalar", "scalars", "execute_values"})
_BULK = frozenset({"bulk_insert_mappings", "bulk_save_objects", "bulk_update_mappings"})
_BUILDS = frozenset({"create", "drop", "create_all", "drop_all"})
_UNIT_OF_WORK = frozenset({"add", "add_all", "merge", "delete"})
_HANDLES = frozenset({"op", "context", "conn", "connection", "bind", "session", "engine", "cursor", "cur"})
_GIVES_A_HANDLE = frozenset(
    {"get_bind", "get_context", "Session", "sessionmaker", "scoped_session", "connect", "begin", "cursor"}
)
_GIVES_A_SESSION = frozenset({"Session", "sessionmaker", "scoped_session"})
_HARMLESS = frozenset({"inspect", "text", "Session", "sessionmaker", "scoped_session", *dir(builtins)})
_TEXT = frozenset({"text", "dedent", "strip", "bindparams", "execution_options", "columns"})
_SELECTS = re.compile(r"[\s(]*(?:select|show|with)\b", re.IGNORECASE)
_WRITES = re.compile(r"\b(?:insert\s+into|update|delete\s+from|merge\s+into|into)\b", re.IGNORECASE)
# SQLAlchemy's text() takes :name, unless it is a cast or written \:name
_BIND = re.compile(r"(?<![:\w\\]):([A-Za-z_]\w*)(?!:)")


def base_name(value: ast.AST) -> str:
    """The name that a chain of attributes, calls and items begins with; "" where it is no name."""
    while isinstance(value, ast.Attribute | ast.Call | ast.Subscript | ast.Starred):
        value = value.func if isinstance(value, ast.Call) else value.value
    return value.id if isinstance(value, ast.Name) else ""


def links_of(value: ast.AST) -> Iterator[str]:
    """The names of what a chain calls, the last first."""
    while isinstance(value, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(value, ast.Call):
            value = value.func
            yield value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
        else:
            value = value.value


class Calls:
    """What the names of one revision's source stand for. `seen` are the lines that issued a statement."""

    def __init__(self, tree: ast.Module, functions: frozenset[str], seen: frozenset[int]) -> None:
        self.functions, self._seen = functions, seen
        self.handles, self.sessions = set(_HANDLES), {"session"}
        self._ops, self._batches = {"op"}, dict[str, list[ast.expr]]()
        self._values: dict[str, list[ast.expr]] = {}
        self._made: set[str] = set()
        for one in ast.walk(tree):
            self._learn(one)
        self.handles |= self._ops | self.sessions | set(self._batches)
        used = {name.id for name in ast.walk(tree) if isinstance(name, ast.Name)}
        self.has_session = bool(used & self.sessions)
        # where a unit of work was flushed, what was added before it is what ran there
        flushes = (one for one in ast.walk(tree) if isinstance(one, ast.Call) and self._flushes(one))
        self._flushed = any(self.was_seen(one) for one in flushes)

    def _learn(self, one: ast.AST) -> None:
        if isinstance(one, ast.ImportFrom) and one.module == "alembic":
            self._ops |= {word.asname or word.name for word in one.names if word.name == "op"}
        elif isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None:
            for target in one.targets if isinstance(one, ast.Assign) else [one.target]:
                if isinstance(target, ast.Name):
                    self._values.setdefault(target.id, []).append(one.value)
                    self._learn_name(target.id, one.value)
        elif isinstance(one, ast.withitem) and isinstance(one.optional_vars, ast.Name):
            self._learn_name(one.optional_vars.id, one.context_expr)

    def _learn_name(self, name: str, value: ast.expr) -> None:
        last = next(links_of(value), "")
        if last == "create_table" and base_name(value) in self._ops:
            self._made.add(name)
        if last == "batch_alter_table":
            self._batches.setdefault(name, []).append(value)
        if last in _GIVES_A_HANDLE or last in self.sessions:
            self.handles.add(name)
        if last in _GIVES_A_SESSION or last in self.sessions:
            self.sessions.add(name)

    def _flushes(self, call: ast.Call) -> bool:
        return getattr(call.func, "attr", "") in ("commit", "flush") and base_name(call) in self.sessions

    def was_seen(self, one: ast.expr | ast.stmt) -> bool:
        """Whether a statement was issued on one of its lines."""
        return any(line in self._seen for line in range(one.lineno, (one.end_lineno or one.lineno) + 1))

    def issues(self, call: ast.Call, of_each_row: bool) -> tuple[bool, str | None]:
        """Whether it would issue something that was not seen, and its SQL where that is written down.

        `of_each_row`: it is called for rows, and not once when there are some, or none.
        """
        if self.was_seen(call) or not self._can_issue(call, of_each_row):
            return False, None
        first = call.args[0] if call.args else None
        if first is not None and self._fills_new(call, first):
            return False, None
        if first is None or next(links_of(call), "") not in _EXECUTES:
            return True, None
        sql = self.literal(first)
        if self.selects(first, sql):
            return False, None
        if sql is not None and next(links_of(call), "") != "exec_driver_sql":
            sql = _BIND.sub(r"%(\1)s", sql)
        return True, sql

    def _fills_new(self, call: ast.Call, first: ast.expr) -> bool:
        """Whether all it does is to insert into a table that this file makes, which nobody uses yet."""
        if next(links_of(call), "") == "bulk_insert":
            return isinstance(first, ast.Name) and first.id in self._made
        links = [*links_of(self._value(first))]
        if "insert" not in links or set(links) - {"insert", "values"}:
            return False
        return bool(
            self._made & {name.id for name in ast.walk(self._value(first)) if isinstance(name, ast.Name)}
        )

    def _can_issue(self, call: ast.Call, of_each_row: bool) -> bool:
        if isinstance(call.func, ast.Name):
            unknown = call.func.id not in self.functions and call.func.id not in _HARMLESS
            return unknown and any(isinstance(one, ast.Name) and one.id in self.handles for one in call.args)
        if not isinstance(call.func, ast.Attribute):
            return False
        name, base = call.func.attr, base_name(call)
        if base in self._batches:
            return not any(self.was_seen(one) for one in self._batches[base])
        if base in self._ops and isinstance(call.func.value, ast.Name):
            return name not in _QUIET_OPS
        if name in _EXECUTES:
            return bool(call.args)
        if name in _BUILDS:
            given = [*call.args, *(word.value for word in call.keywords)]
            return any(base_name(one) in self.handles for one in given)
        if name in _UNIT_OF_WORK and base in self.sessions and isinstance(call.func.value, ast.Name):
            return of_each_row or not self._flushed
        return name in _BULK or (name in ("update", "delete") and "query" in links_of(call.func.value))

    def selects(self, value: ast.expr, sql: str | None) -> bool:
        """Whether what is executed only reads."""
        if sql is not None:
            return bool(_SELECTS.match(sql)) and not _WRITES.search(sql)
        value = self._value(value)
        links = set(links_of(value))
        return "select" in links and not links & {"insert", "update", "delete"}

    def _value(self, value: ast.expr) -> ast.expr:
        """What a name stands for that is given one value in the file."""
        given = self._values.get(value.id, []) if isinstance(value, ast.Name) else []
        return given[0] if len(given) == 1 else value

    def literal(self, value: ast.expr, depth: int = 0) -> str | None:
        """The text that an expression is, where the file writes it down."""
        value = self._value(value)
        if isinstance(value, ast.Constant):
            return value.value if isinstance(value.value, str) else None
        if depth > 20:
            return None
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            left, right = self.literal(value.left, depth + 1), self.literal(value.right, depth + 1)
            return left + right if left is not None and right is not None else None
        if isinstance(value, ast.Call) and next(links_of(value), "") in _TEXT:
            if isinstance(value.func, ast.Attribute) and value.func.attr not in ("text", "dedent"):
                return self.literal(value.func.value, depth + 1)
            return self.literal(value.args[0], depth + 1) if value.args else None
        return None
