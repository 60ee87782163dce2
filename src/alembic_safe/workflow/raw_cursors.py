"""Calls of the driver's own cursors and connections in a revision's source: SQLAlchemy tells nothing of these."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from alembic_safe.model.revisions import Direction
from alembic_safe.workflow.dialect_tests import DialectTests
from alembic_safe.workflow.rowless import Unseen, reachable
from alembic_safe.workflow.rowless_calls import Calls, base_name, links_of

_EXECUTE = frozenset(
    {
        "execute", "executemany", "executescript", "callproc", "copy", "copy_expert", "copy_from", "fetch", "fetchrow",
        "fetchval",
    }
)  # fmt: skip
_DRIVERS = frozenset({"psycopg", "psycopg2", "asyncpg", "sqlite3", "aiosqlite"})
_OPENS = frozenset({"connect", "create_pool", "acquire", "connection"})
_HELPERS = frozenset({"execute_values", "execute_batch"})


def past_capture(
    text: str, direction: Direction, seen: Collection[int], dialect: str = "postgresql"
) -> tuple[Unseen, ...]:
    """What these execute, by line, those that only read left out. `seen` are lines that issued a statement.

    Branches for another dialect are left out.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()
    functions = {
        one.name: one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    calls = Calls(tree, frozenset(functions), frozenset(seen))
    cursors = set(_cursors(tree))
    dialects, found = DialectTests(tree, dialect), dict[int, Unseen]()
    for name in reachable(functions, direction):
        for call in _calls(functions[name], dialects):
            sql = _executed(call, cursors)
            if sql is None or calls.was_seen(call):
                continue
            written = calls.literal(sql)
            if not calls.selects(sql, written):
                found.setdefault(call.lineno, Unseen(call.lineno, written))
    return tuple(found[line] for line in sorted(found))


def _executed(call: ast.Call, cursors: Collection[str]) -> ast.expr | None:
    """What a cursor is given to execute; None where the call is none of a cursor."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _HELPERS and len(call.args) > 1 and base_name(call.args[0]) in cursors:
        return call.args[1]
    if name not in _EXECUTE or not call.args or not isinstance(call.func, ast.Attribute):
        return None
    direct = "cursor" in links_of(call.func.value)
    return call.args[0] if direct or base_name(call.func.value) in cursors else None


def _cursors(tree: ast.AST) -> Iterator[str]:
    """The names that a cursor is given, or a connection that is the driver's own, which executes alike."""
    drivers = set(_drivers(tree))
    for one in ast.walk(tree):
        if isinstance(one, ast.withitem) and isinstance(one.optional_vars, ast.Name):
            name, value = one.optional_vars.id, one.context_expr
        elif isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            name, value = one.targets[0].id, one.value
        else:
            continue
        value = value.value if isinstance(value, ast.Await) else value
        last = next(links_of(value), "")
        if last == "cursor" or (base_name(value) in drivers and (last in _OPENS or last in drivers)):
            yield name
            drivers.add(name)  # a pool, which connections are taken from


def _drivers(tree: ast.AST) -> Iterator[str]:
    """The names by which drivers, and their ways to connect, are imported."""
    for one in ast.walk(tree):
        if isinstance(one, ast.Import):
            yield from (each.asname or each.name for each in one.names if each.name in _DRIVERS)
        elif isinstance(one, ast.ImportFrom) and one.module in _DRIVERS:
            yield from (each.asname or each.name for each in one.names)


def _calls(body: ast.AST, dialects: DialectTests) -> Iterator[ast.Call]:
    """The calls in it but for those behind a test for another dialect."""
    for one in ast.iter_child_nodes(body):
        if isinstance(one, ast.Call):
            yield one
        outcome = dialects.outcome(one.test) if isinstance(one, ast.If) else None
        if isinstance(one, ast.If) and outcome is not None:
            for other in one.body if outcome else one.orelse:
                yield from _calls(ast.Module([other], []), dialects)
        else:
            yield from _calls(one, dialects)
