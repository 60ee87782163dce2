"""Reads SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES and TABLE: which tables they read and write.

Expressions are not parsed: only brackets, WITH, FROM lists and targets decide which tables are meant.
"""

from __future__ import annotations

from alembic_safe.model.facts import Name
from alembic_safe.sql.calls import note_calls
from alembic_safe.sql.cursor import QUOTED, Cursor
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.words import words

QUERY_WORDS = frozenset({"select", "with", "values", "table", "insert", "update", "delete", "merge"})
_BEGINS = QUERY_WORDS - {"table"}
_ENDS_FROM = words(
    "where group having window union intersect except order limit offset fetch for returning when set into"
)
_SET_OPERATIONS = frozenset({"union", "intersect", "except", "all", "distinct"})
_LOCKING = {"update", "share", "no", "key"}
Scope = frozenset[str]


class QueryReader:
    """Walks a token range and enters tables into a draft. `into`: what SELECT INTO makes is a table."""

    def __init__(self, cursor: Cursor, draft: Draft, *, into: bool = False) -> None:
        self.c = cursor
        self.keys = cursor.keys
        self.draft = draft
        self.into = into

    def statement(self, i: int, end: int, scope: Scope) -> None:
        """A query that begins at token `i`; `scope` are names of common table expressions."""
        self.c.enter()
        keys = self.keys
        if keys[i] == "with":
            where = "where" in self.draft.flags
            i, scope = self._with(i + 1, end, scope)
            if keys[i] in ("update", "delete") and not where:
                # a condition of what the statement reads is none of what it changes
                self.draft.flags.discard("where")
        key = keys[i]
        if key == "insert":
            self._insert(i, end, scope)
        elif key == "update":
            i, _ = self._target(i + 1, "update")
            self.region(i, end, scope)
        elif key == "delete":
            i, _ = self._target(i + 2, "delete")
            i = self._skip_alias(i, end)
            i = self.tables(i + 1, end, scope) if keys[i] == "using" and i < end else i
            self.region(i, end, scope)
        elif key == "merge":
            i, _ = self._target(i + 2, "merge")
            i = self._skip_alias(i, end)
            i = self.tables(i + 1, end, scope) if keys[i] == "using" else i
            self.region(i, end, scope, select=False)
        elif key == "table":
            self._read(i + 1, scope)
        else:
            self.region(i, end, scope)
        self.c.leave()

    def _skip_alias(self, i: int, end: int) -> int:
        """Past `[AS] alias`, but not past USING, WHERE or RETURNING."""
        while i < end and self.keys[i] not in ("using", "where", "returning"):
            i += 1
        return i

    def _with(self, i: int, end: int, scope: Scope) -> tuple[int, Scope]:
        """Common table expressions; the position after them and the scope with their names."""
        recursive = self.keys[i] == "recursive"
        i += recursive
        entries: list[tuple[str, int, int]] = []
        while i < end:
            self.c.i = i
            name = self.c.identifier()
            if self.c.at("("):
                self.c.parens()
            self.c.expect("as")
            self.c.accept("not")
            self.c.accept("materialized")
            start, close = self.c.parens()
            entries.append((name, start, close))
            self._search_and_cycle()
            i = self.c.i
            if not self.c.accept(","):
                break
            i = self.c.i
        if recursive:
            scope = scope | {name for name, _, _ in entries}
        for name, start, close in entries:
            self.statement(start, close, scope)
            scope = scope | {name}
        return i, scope

    def _search_and_cycle(self) -> None:
        """SEARCH ... SET name and CYCLE ... SET name [TO value DEFAULT value] USING name."""
        for word in ("search", "cycle"):
            if self.c.accept(word):
                self.c.skip_until(("set",))
                self.c.expect("set")
                self.c.identifier()
                if word == "cycle":
                    self.c.skip_until(("using",))
                    self.c.expect("using")
                    self.c.identifier()

    def _target(self, i: int, flag: str) -> tuple[int, Name]:
        """The table that is written; `i` stands after UPDATE, DELETE FROM, INSERT INTO or MERGE INTO."""
        self.c.i = i
        only = self.c.accept("only")
        inside = only and self.c.accept("(")
        name = self.c.name()
        if inside:
            self.c.expect(")")
        if only:
            self.draft.flags.add("only")
        self.c.accept("*")
        self.draft.add("table", name, "written")
        self.draft.flags.add(flag)
        return self.c.i, name

    def _insert(self, i: int, end: int, scope: Scope) -> None:
        i, _ = self._target(i + 2, "insert")
        self.c.i = i
        if self.c.accept("as"):
            self.c.identifier()
        if self.c.at("(") and self.keys[self.c.i + 1] not in QUERY_WORDS | {"("}:
            self.c.parens()
        if self.c.accept("overriding"):
            self.c.i += 2
        if self.keys[self.c.i] in ("select", "with", "table", "("):
            self.draft.flags.add("insert select")
        self.statement(self.c.i, end, scope)

    def region(self, i: int, end: int, scope: Scope, *, select: bool = True) -> None:
        """Any tokens: queries in brackets, and FROM clauses where `select` says that this level has them."""
        keys = self.keys
        self.c.enter()
        while i < end:
            key = keys[i]
            if key == "(":
                close = self.c.close_of(i)
                self._group(i + 1, close, scope)
                i = close + 1
            elif key == "from" and select and not self._is_distinct_from(i):
                i = self.tables(i + 1, end, scope)
            elif key == "table" and select and keys[i - 1] in _SET_OPERATIONS:
                i = self._read(i + 1, scope)
            elif key == "into" and select and self.into:
                i = self._into(i + 1)
            else:
                if key == "for" and keys[i + 1] in _LOCKING and select:
                    self.draft.flags.add("for update")
                elif key == "where" and select:
                    self.draft.flags.add("where")
                i += 1
        self.c.leave()

    def _group(self, i: int, close: int, scope: Scope) -> None:
        """The inside of a bracket: a query, or anything that may hold one."""
        key = self.keys[i]
        where = "where" in self.draft.flags
        if key in _BEGINS or (key == "table" and close - i in (2, 3, 4, 5)):
            self.statement(i, close, scope)
        else:
            self.region(i, close, scope, select=False)
        if not where:
            self.draft.flags.discard("where")

    def _is_distinct_from(self, i: int) -> bool:
        return self.keys[i - 1] == "distinct" and self.keys[i - 2] in ("is", "not")

    def _into(self, i: int) -> int:
        self.c.i = i
        if self.c.accept_any(("temporary", "temp")):
            self.draft.flags.add("temporary")
        self.draft.flag_if(self.c, "unlogged")
        self.c.accept("table")
        self.draft.kind = "select into"
        self.draft.add("table", self.c.name(), "created")
        return self.c.i

    def _read(self, i: int, scope: Scope) -> int:
        self.c.i = i
        only = self.c.accept("only")
        inside = only and self.c.accept("(")
        name = self.c.name()
        if inside:
            self.c.accept(")")
        if name.schema is not None or name.name not in scope:
            self.draft.add("table", name, "read")
        return self.c.i

    def tables(self, i: int, end: int, scope: Scope) -> int:
        """A FROM or USING list from `i`; the position where it ends."""
        keys = self.keys
        wanted = True
        while i < end:
            key = keys[i]
            if wanted and key not in ("(", ","):
                i, wanted = self._item(i, end, scope)
            elif key == "(":
                close = self.c.close_of(i)
                self._from_group(i + 1, close, scope, wanted)
                i, wanted = close + 1, False
            elif key in (",", "join"):
                i, wanted = i + 1, True
            elif key in _ENDS_FROM:
                return i
            else:
                i += 1
        return i

    def _from_group(self, i: int, close: int, scope: Scope, wanted: bool) -> None:
        """A bracket in a FROM list: a query, a joined table, or the arguments of something."""
        inner = i
        while self.keys[inner] == "(":
            inner += 1
        if wanted and self.keys[inner] not in _BEGINS:
            self.c.enter()
            self.tables(i, close, scope)
            self.c.leave()
        else:
            self._group(i, close, scope)

    def _item(self, i: int, end: int, scope: Scope) -> tuple[int, bool]:
        """A table, or a function and its arguments; (position after, whether an item is still wanted)."""
        keys = self.keys
        if keys[i] in ("only", "lateral") and keys[i + 1] not in (",", ""):
            return i + 1, True
        if (keys[i] == "rows" and keys[i + 1] == "from") or (keys[i] == "collation" and keys[i + 1] == "for"):
            return i + 2, False
        self.c.i = i
        if not (keys[i] == QUOTED or self.c.at_word()):
            return i + 1, False
        name = self.c.name()
        after = self.c.i
        if keys[after] == "(" and after < end:
            return after, False
        if name.schema is not None or name.name not in scope:
            self.draft.add("table", name, "read")
        return after, False


def read_query(cursor: Cursor, draft: Draft, end: int | None = None, *, into: bool = False) -> None:
    """Take a query from the cursor's position to `end` (token index; None: all that is left)."""
    start = cursor.i
    if end is None:
        cursor.rest()
        end = cursor.i
    QueryReader(cursor, draft, into=into).statement(start, end, frozenset())
    cursor.i = end


def read_select(cursor: Cursor) -> Draft:
    """SELECT, VALUES, TABLE, WITH and a query in brackets; INSERT and its like behind WITH."""
    draft = Draft("select")
    start = cursor.i
    read_query(cursor, draft, into=True)
    note_calls(cursor, draft, start, cursor.i)
    written = [flag for flag in ("insert", "update", "delete", "merge") if flag in draft.flags]
    if written and draft.kind == "select":
        draft.kind = _main_verb(cursor)
    return draft


def _main_verb(cursor: Cursor) -> str:
    """The verb after the WITH list; what stands inside it does not name the statement."""
    cursor_keys = cursor.keys
    index = 0
    while cursor_keys[index] not in ("select", "insert", "update", "delete", "merge", "values", "table", ""):
        index = cursor.close_of(index) + 1 if cursor_keys[index] == "(" else index + 1
    word = cursor_keys[index]
    return word if word in ("insert", "update", "delete", "merge") else "select"


def read_write(cursor: Cursor) -> Draft:
    """INSERT, UPDATE, DELETE and MERGE."""
    draft = Draft(cursor.keys[cursor.i])
    read_query(cursor, draft)
    return draft
