"""Reads TRUNCATE, LOCK, VACUUM, ANALYZE, CLUSTER, REINDEX, REFRESH, COPY and EXPLAIN."""

from __future__ import annotations

from collections.abc import Callable

from alembic_safe.model.facts import Action, Role
from alembic_safe.sql.cursor import Cursor
from alembic_safe.sql.draft import Draft
from alembic_safe.sql.kinds import read_kind
from alembic_safe.sql.statements.query import read_query

_LOCK_MODES = (
    "access share",
    "row share",
    "row exclusive",
    "share update exclusive",
    "share row exclusive",
    "share",
    "exclusive",
    "access exclusive",
)


def _tables(cursor: Cursor, draft: Draft, role: Role) -> None:
    """A comma list of `[ONLY] table [*] [(columns)]`."""
    while True:
        if cursor.accept("only"):
            draft.flags.add("only")
        inside = cursor.accept("(")
        draft.add("table", cursor.name(), role)
        if inside:
            cursor.expect(")")
        cursor.accept("*")
        if cursor.at("("):
            cursor.parens()
        if not cursor.accept(","):
            return


def read_truncate(cursor: Cursor) -> Draft:
    """TRUNCATE [TABLE] tables [RESTART IDENTITY] [CASCADE]."""
    cursor.expect("truncate")
    draft = Draft("truncate table")
    cursor.accept("table")
    _tables(cursor, draft, "altered")
    if not draft.flag_if(cursor, "restart", "identity"):
        cursor.accept("continue", "identity")
    if cursor.accept_any(("cascade", "restrict")) == "cascade":
        draft.flags.add("cascade")
    return draft


def read_lock(cursor: Cursor) -> Draft:
    """LOCK [TABLE] tables [IN mode MODE] [NOWAIT]; the action "lock" holds the mode."""
    cursor.expect("lock")
    draft = Draft("lock table")
    cursor.accept("table")
    _tables(cursor, draft, "altered")
    mode = "access exclusive"
    if cursor.accept("in"):
        mode = next((m for m in _LOCK_MODES if cursor.accept(*m.split(), "mode")), "")
        if not mode:
            raise cursor.unexpected("a lock mode")
    draft.act(Action("lock", value=mode))
    draft.flag_if(cursor, "nowait")
    return draft


def _options(cursor: Cursor, draft: Draft) -> None:
    """`(full, verbose off, ...)`: each option that is on becomes a flag."""
    if not cursor.accept("("):
        return
    while not cursor.accept(")"):
        name = cursor.identifier()
        value = cursor.skip_until((",", ")")).strip("'").lower()
        if value not in ("false", "off", "0"):
            draft.flags.add({"analyse": "analyze"}.get(name, name))
        cursor.accept(",")


def read_vacuum(cursor: Cursor) -> Draft:
    """VACUUM and ANALYZE, with options in either form."""
    word = cursor.word()
    draft = Draft("vacuum" if word == "vacuum" else "analyze")
    _options(cursor, draft)
    while option := cursor.accept_any(("full", "freeze", "verbose", "analyze", "analyse")):
        draft.flags.add(option.replace("analyse", "analyze"))
    if not cursor.done:
        _tables(cursor, draft, "altered")
    return draft


def read_cluster(cursor: Cursor) -> Draft:
    """CLUSTER [(options)] [table [USING index]], and the old CLUSTER index ON table."""
    cursor.expect("cluster")
    draft = Draft("cluster")
    _options(cursor, draft)
    draft.flag_if(cursor, "verbose")
    if cursor.done:
        return draft
    name = cursor.name()
    if cursor.accept("on"):
        draft.act(Action("cluster on", name.name))
        name = cursor.name()
    elif cursor.accept("using"):
        draft.act(Action("cluster on", cursor.identifier()))
    draft.add("table", name, "altered")
    return draft


def read_reindex(cursor: Cursor) -> Draft:
    """REINDEX [(options)] INDEX|TABLE|SCHEMA|DATABASE|SYSTEM [CONCURRENTLY] [name]."""
    cursor.expect("reindex")
    draft = Draft("reindex")
    _options(cursor, draft)
    kind = read_kind(cursor)
    draft.flag_if(cursor, "concurrently")
    draft.act(Action("reindex", value=kind))
    if not cursor.done:
        draft.add(kind, cursor.name(), "altered")
    return draft


def read_refresh(cursor: Cursor) -> Draft:
    """REFRESH MATERIALIZED VIEW [CONCURRENTLY] name [WITH [NO] DATA]."""
    cursor.expect("refresh", "materialized", "view")
    draft = Draft("refresh materialized view")
    draft.flag_if(cursor, "concurrently")
    draft.add("materialized view", cursor.name(), "altered")
    if not draft.flag_if(cursor, "with", "no", "data"):
        cursor.accept("with", "data")
    return draft


def read_copy(cursor: Cursor) -> Draft:
    """COPY table|(query) FROM|TO place [options]."""
    cursor.expect("copy")
    draft = Draft("copy")
    cursor.accept("binary")
    if cursor.at("("):
        start, end = cursor.parens()
        after = cursor.i
        cursor.i = start
        read_query(cursor, draft, end)
        cursor.i = after
        cursor.expect("to")
    else:
        name = cursor.name()
        if cursor.at("("):
            cursor.parens()
        incoming = cursor.accept("from")
        if not incoming:
            cursor.expect("to")
        draft.add("table", name, "written" if incoming else "read")
        draft.flags |= {"from"} if incoming else set()
    if draft.flag_if(cursor, "program"):
        draft.not_understood = "runs a program on the server's machine"
    draft.flag_if(cursor, "stdin")
    if "where" in cursor.skip_until(("where",)).lower() or cursor.accept("where"):
        draft.flags.add("where")
    cursor.rest()
    return draft


def read_explain(cursor: Cursor, read: Callable[[Cursor], Draft]) -> Draft:
    """EXPLAIN [options] statement; with ANALYZE it is run, without it its tables are locked all the same."""
    cursor.expect("explain")
    draft = Draft("explain")
    if cursor.at("(") and cursor.keys[cursor.i + 1] not in ("(", "select", "with", "values"):
        _options(cursor, draft)
    while option := cursor.accept_any(("analyze", "analyse", "verbose")):
        draft.flags.add(option.replace("analyse", "analyze"))
    start = cursor.i
    inner = read(cursor)
    draft.inner.append(inner.reading(cursor.slice(start, cursor.i)))
    return draft
