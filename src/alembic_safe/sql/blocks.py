"""Reads DO blocks: the static SQL of a plpgsql body; what is decided when it runs is marked.

A body is cut at its semicolons into parts. A part that is SQL is read; one of plpgsql's own (assignments,
IF, LOOP, RAISE) is known to touch no table but through the queries in it. EXECUTE of a constant string is
read, EXECUTE of anything else is not understood, and neither is a call of a function or procedure.
"""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Reading
from alembic_safe.sql.cursor import STRING, Cursor, NotUnderstood
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.expressions import look_at
from alembic_safe.sql.server.functions import volatility_of
from alembic_safe.sql.splitting import split
from alembic_safe.sql.statements.query import QueryReader
from alembic_safe.sql.words import words

_Read = Callable[[str], Reading]
# Words that open a nested list of statements, after which one of those begins.
_OPENERS = words("begin loop then else")
_SQL = words(
    "insert update delete merge select with values create alter drop truncate lock comment grant revoke "
    "refresh reindex cluster analyze vacuum set reset do copy import security reassign"
)
_HARMLESS = words("null raise return get assert exit continue close open fetch move")
_CONDITIONAL = words("if elsif elseif while for foreach case when")


def read_do(cursor: Cursor, read: _Read) -> Draft:
    """DO [LANGUAGE name] body [LANGUAGE name]. What the body runs becomes `inner`."""
    cursor.expect("do")
    draft = Draft("do")
    language, body = "plpgsql", None
    while not cursor.done:
        if cursor.accept("language"):
            language = cursor.string().lower() if cursor.at(STRING) else cursor.identifier()
        else:
            body = cursor.string()
    if body is None:
        raise cursor.unexpected("a body")
    if language != "plpgsql":
        draft.not_understood = f"a block in {language}, which is not read"
        return draft
    _Body(draft, read).run(body)
    return draft


class _Body:
    """Walks the parts of one plpgsql body."""

    def __init__(self, draft: Draft, read: _Read) -> None:
        self.draft = draft
        self.read = read
        self.declaring = False

    def run(self, body: str) -> None:
        for piece in split(body):
            try:
                self._part(Cursor(piece.text))
            except NotUnderstood as fault:
                self._unknown(f"a part of the block is not read: {fault.reason}")

    def _unknown(self, reason: str) -> None:
        self.draft.not_understood = self.draft.not_understood or reason

    def _part(self, cursor: Cursor) -> None:
        """One part: openers and conditions before its statement, then the statement."""
        while not cursor.done:
            key = cursor.keys[cursor.i]
            if key == "declare":
                self.declaring = True
                cursor.i += 1
            elif key in _OPENERS:
                self.declaring = self.declaring and key != "begin"
                cursor.i += 1
            elif key == "<" and cursor.at("<", "<"):
                cursor.skip_until((">",))
                cursor.i += 2
            elif key == "exception":
                self._handler(cursor)
            elif key in _CONDITIONAL and not self.declaring:
                self._condition(cursor)
            else:
                self._statement(cursor)
                return

    def _handler(self, cursor: Cursor) -> None:
        """EXCEPTION WHEN name OR name THEN."""
        cursor.skip_until(("then",))
        self.draft.flags.add("exception")

    def _condition(self, cursor: Cursor) -> None:
        """IF and WHEN up to THEN, FOR and WHILE up to LOOP; queries in them are run."""
        start = cursor.i
        self.draft.flags.add("conditional")
        if cursor.accept("for") or cursor.accept("foreach"):
            cursor.skip_until(("in", "loop"))
            cursor.accept("in")
            if cursor.at("execute"):
                self._execute(cursor, ("loop", "using"))
            cursor.skip_until(("loop",))
        else:
            cursor.i += 1
            cursor.skip_until(("then", "loop"))
        self._expression(cursor, start, cursor.i)

    def _statement(self, cursor: Cursor) -> None:
        key = cursor.keys[cursor.i]
        if self.declaring:
            self._expression(cursor, cursor.i, _end(cursor))
        elif key == "execute":
            self._execute(cursor, ("using", "into"))
        elif key == "perform":
            self._expression(cursor, cursor.i, _end(cursor))
        elif key in ("commit", "rollback", "call"):
            self._unknown(f"the block says {key.upper()}")
        elif key == "end" or key in _HARMLESS:
            self._expression(cursor, cursor.i, _end(cursor))
        elif key in _SQL and not self._is_assignment(cursor):
            self._sql(cursor)
        elif self._is_assignment(cursor):
            self._expression(cursor, cursor.i, _end(cursor))
        else:
            raise cursor.unexpected("a statement of plpgsql")

    def _is_assignment(self, cursor: Cursor) -> bool:
        i, keys = cursor.i + 1, cursor.keys
        while keys[i] == "." and keys[i + 1]:
            i += 2
        while keys[i] == "[":
            i = cursor.close_of(i) + 1
        return keys[i] == "=" or (keys[i] == ":" and keys[i + 1] == "=")

    def _sql(self, cursor: Cursor) -> None:
        """A statement of SQL; SELECT ... INTO fills variables here, so INTO makes no table."""
        start = cursor.i
        end = _end(cursor)
        if cursor.keys[start] in ("select", "with", "values", "insert", "update", "delete", "merge"):
            self._expression(cursor, start, end)
        else:
            self.draft.inner.append(self.read(cursor.slice(start, end)))

    def _expression(self, cursor: Cursor, start: int, end: int) -> None:
        """Queries and function calls in a part; functions that are not the server's may do anything."""
        part = Draft("select")
        QueryReader(cursor, part).statement(start, end, frozenset())
        written = [flag for flag in ("insert", "update", "delete", "merge") if flag in part.flags]
        part.kind = written[0] if written else "select"
        if part.objects:
            self.draft.inner.append(part.reading(cursor.slice(start, end)))
        for name in look_at(cursor, start, end).functions:
            if volatility_of(name) == "unknown" and not written:
                self._unknown(f"the block calls {name}, whose body is not read")
        cursor.i = end

    def _execute(self, cursor: Cursor, stops: tuple[str, ...]) -> None:
        """EXECUTE 'constant' is read; anything else is known only when it runs."""
        cursor.expect("execute")
        start = cursor.i
        if cursor.at(STRING):
            text = cursor.string()
            if cursor.done or cursor.keys[cursor.i] in stops:
                pieces = split(text)
                self.draft.inner.extend(self.read(piece.text) for piece in pieces)
                cursor.skip_until(("loop",))
                return
        cursor.i = start
        cursor.skip_until(("loop",))
        self._unknown("the block runs SQL that it puts together when it runs")


def _end(cursor: Cursor) -> int:
    """The end of the part."""
    at = cursor.i
    cursor.rest()
    end, cursor.i = cursor.i, at
    return end
