"""Reads DO blocks: the static SQL of a plpgsql body; what is decided when it runs is marked.

A body is cut at its semicolons into parts. A part that is SQL is read; one of plpgsql's own (assignments,
IF, LOOP, RAISE) is known to touch no table but through the queries in it. EXECUTE is read as far as the text it
runs can be worked out (`folding`), and what of it cannot is not understood. Calls of functions and procedures
are entered as actions: what their bodies say is known to the schema, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from alembic_safe.model.facts import Action, Reading
from alembic_safe.sql.calls import note_calls
from alembic_safe.sql.cursor import STRING, Cursor, NotUnderstood
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.folding import Texts, Variables, readable, strings, texts
from alembic_safe.sql.splitting import split
from alembic_safe.sql.statements.query import QueryReader
from alembic_safe.sql.words import words

_Read = Callable[[str], Reading]
_NAME = re.compile(r"[^\W\d][\w$]*")
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


def read_body(text: str, language: str, read: _Read, given: Variables | None = None) -> Draft:
    """What a routine's body runs, as `inner`; `given` are the values of its arguments by name."""
    draft = Draft("do")
    if language == "plpgsql":
        _Body(draft, read, given or {}).run(text)
    elif language == "sql":
        draft.inner += [read(piece.text) for piece in split(text)]
    else:
        draft.not_understood = f"a body in {language}, which is not read"
    return draft


class _Body:
    """Walks the parts of one plpgsql body. `variables` are the strings that each can hold; None: any."""

    def __init__(self, draft: Draft, read: _Read, given: Variables | None = None) -> None:
        self.draft = draft
        self.read = read
        self.declaring = False
        self.variables: dict[str, Texts | None] = dict(given or {})
        self.lists: dict[str, list[Texts]] = {}
        self.loops: list[bool] = []  # of each that is open, whether what it goes over is not written out
        self.counted = False
        self.begun: list[int] = []  # of each open loop, how many statements had run before it
        self.depths: list[int] = []  # of each statement, in how many loops it stands
        self.committed: list[bool] = []  # of each open loop, whether it says COMMIT

    def run(self, body: str) -> None:
        for piece in split(body):
            try:
                self._part(Cursor(piece.text))
            except NotUnderstood as fault:
                self._unknown(f"a part of the block is not read: {fault.reason}")

    def _run(self, reading: Reading) -> None:
        """A statement of the block. In a loop over what is not written out it runs any number of times."""
        if any(self.loops):
            reading = replace(reading, flags=reading.flags | {"loop"})
        self.depths.append(len(self.loops))
        self.draft.inner.append(reading)

    def _open_loop(self) -> None:
        self.loops.append(not self.counted)
        self.begun.append(len(self.draft.inner))
        self.committed.append(False)
        self.counted = False

    def _close_loop(self) -> None:
        """One that commits runs each of its own statements in a transaction of its own: a batch each time."""
        depth, begun, inner = len(self.loops), self.begun.pop(), self.draft.inner
        self.loops.pop()
        if self.committed.pop():
            for at in range(begun, len(inner)):
                if self.depths[at] == depth and "loop" in inner[at].flags:
                    inner[at] = replace(inner[at], flags=inner[at].flags - {"loop"} | {"batched"})

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
                if key == "loop":
                    self._open_loop()
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
            name = cursor.keys[cursor.i]
            self._forget_list(cursor, cursor.i)
            cursor.skip_until(("in", "loop"))
            cursor.accept("in")
            if cursor.at("execute"):
                self._execute(cursor, ("loop", "using"))
            elif cursor.accept("array"):
                self._loop_over(cursor, name)
            cursor.skip_until(("loop",))
        else:
            cursor.i += 1
            cursor.skip_until(("then", "loop"))
        self._expression(cursor, start, cursor.i)

    def _loop_over(self, cursor: Cursor, name: str) -> None:
        """FOREACH name IN ARRAY: its elements, where they are written out."""
        start = cursor.i
        cursor.skip_until(("loop",))
        elements = strings(cursor, start, cursor.i, self.variables)
        if cursor.i == start + 1:
            elements = elements or self.lists.get(cursor.keys[start])
        if elements:
            self.counted = True
            self.variables[name] = tuple(dict.fromkeys(text for one in elements for text in one))

    def _assign(self, cursor: Cursor, start: int, end: int) -> None:
        """`name [type] := expression`: the variable can be that besides what it could be before."""
        name = cursor.keys[start]
        at = next((i for i in range(start, end) if cursor.keys[i] in ("=", "default")), None)
        if at is None or not _NAME.fullmatch(name):
            return
        elements = strings(cursor, at + 1, end, self.variables)
        listed = self.declaring or name in self.lists or name not in self.variables
        if elements is not None and listed:
            self.lists[name] = elements if self.declaring else [*self.lists.get(name, ()), *elements]
            return
        self.lists.pop(name, None)
        found = texts(cursor, at + 1, end, self.variables)
        before = self.variables.get(name, ()) if not self.declaring else ()
        self.variables[name] = tuple(dict.fromkeys((*before, *found))) if before is not None else None

    def _forget(self, cursor: Cursor, start: int, end: int) -> None:
        """What SELECT, RETURNING, FETCH or EXECUTE ... INTO and GET DIAGNOSTICS fill is not known any more."""
        keys = cursor.keys
        for index in range(start, end):
            if keys[index] == "into":
                self._forget_list(cursor, index + 1 + (keys[index + 1] == "strict"))
            elif keys[start] == "get" and keys[index] == "=":
                self._lose(keys[index - 1 - (keys[index - 1] == ":")])

    def _forget_list(self, cursor: Cursor, at: int) -> None:
        """The variables of a list with commas: `x, r.field, y`."""
        while True:
            self._lose(cursor.keys[at])
            at += 1
            while cursor.keys[at] == "." and cursor.keys[at + 1]:
                at += 2
            if cursor.keys[at] == "[":
                at = cursor.close_of(at) + 1
            if cursor.keys[at] != ",":
                return
            at += 1

    def _lose(self, name: str) -> None:
        self.variables[name] = None
        self.lists.pop(name, None)

    def _statement(self, cursor: Cursor) -> None:
        key = cursor.keys[cursor.i]
        if self.declaring:
            self._assign(cursor, cursor.i, _end(cursor))
            self._expression(cursor, cursor.i, _end(cursor))
        elif key == "execute":
            self._execute(cursor, ("using", "into"))
        elif key == "perform":
            self._expression(cursor, cursor.i, _end(cursor))
        elif key == "commit":
            self.draft.flags.add("commits")
            self.committed[-1:] = [True] * len(self.committed[-1:])
            cursor.rest()
        elif key == "rollback":
            self._unknown(f"the block says {key.upper()}")
        elif key == "call":
            for name in cursor.keys[cursor.i : _end(cursor)]:
                if name in self.variables or name in self.lists:
                    self._lose(name)  # it may be handed back changed
            self._run(self.read(cursor.slice(cursor.i, _end(cursor))))
            cursor.i = _end(cursor)
        elif key == "end" or key in _HARMLESS:
            if key == "end" and cursor.keys[cursor.i + 1] == "loop" and self.loops:
                self._close_loop()
            self._note_outcome(cursor, key)
            if key in ("fetch", "get"):
                self._forget(cursor, cursor.i, _end(cursor))
            self._expression(cursor, cursor.i, _end(cursor))
        elif key in _SQL and not self._is_assignment(cursor):
            self._sql(cursor)
        elif self._is_assignment(cursor):
            if key == "new" and cursor.keys[cursor.i + 1] == ".":
                self.draft.act(Action("assigns", cursor.keys[cursor.i + 2]))
            self._assign(cursor, cursor.i, _end(cursor))
            self._expression(cursor, cursor.i, _end(cursor))
        else:
            raise cursor.unexpected("a statement of plpgsql")

    def _note_outcome(self, cursor: Cursor, key: str) -> None:
        """An exception that is raised, a row that a trigger suppresses."""
        following = cursor.keys[cursor.i + 1]
        if key == "raise" and following not in ("notice", "warning", "info", "log", "debug"):
            self.draft.act(Action("raises"))
        elif key == "return" and following == "null":
            self.draft.act(Action("returns null"))

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
        self._forget(cursor, start, end)
        if cursor.keys[start] in ("select", "with", "values", "insert", "update", "delete", "merge"):
            self._expression(cursor, start, end)
        else:
            self._run(self.read(cursor.slice(start, end)))

    def _expression(self, cursor: Cursor, start: int, end: int) -> None:
        """Queries and function calls in a part; functions that are not the server's may do anything."""
        part = Draft("select")
        QueryReader(cursor, part).statement(start, end, frozenset())
        written = [flag for flag in ("insert", "update", "delete", "merge") if flag in part.flags]
        part.kind = written[0] if written else "select"
        if part.objects:
            self._run(part.reading(cursor.slice(start, end)))
        if not written:
            note_calls(cursor, self.draft, start, end)
        cursor.i = end

    def _execute(self, cursor: Cursor, stops: tuple[str, ...]) -> None:
        """EXECUTE of a text: each that it can be is read, and what is put into it unquoted is marked."""
        cursor.expect("execute")
        start = cursor.i
        cursor.skip_until((*stops, "loop"))
        end = cursor.i
        cursor.skip_until(("loop",))
        self._forget(cursor, start, cursor.i)
        for one in texts(cursor, start, end, self.variables):
            for piece in split(readable(one)):
                self._run(self.read(piece.text))
            if not one.whole:
                self._unknown("the block runs SQL that it puts together when it runs")


def _end(cursor: Cursor) -> int:
    """The end of the part."""
    at = cursor.i
    cursor.rest()
    end, cursor.i = cursor.i, at
    return end
