"""Reads statements as SQLite takes them: its own are read here, its own words in others are blanked out first.

Source: sqlite.org/lang.html. What is kept as the statement's text is always what was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from alembic_safe.model.facts import Action, Name, ObjectRef, Reading
from alembic_safe.sql.lexical import lexemes
from alembic_safe.sql.reader import read as read_plain
from alembic_safe.sql.splitting import Piece
from alembic_safe.sql.splitting import split as split_plain

_NAME = r"""(?:"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[^\W\d]\w*)"""
_DOTTED = rf"(?:{_NAME}\s*\.\s*)?{_NAME}"
_TRIGGER = re.compile(r"\s*create\s+(?:temp(?:orary)?\s+)?trigger\b", re.IGNORECASE)
_TRIGGER_HEAD = re.compile(
    rf"\s*create\s+(?P<temp>temp(?:orary)?\s+)?trigger\s+(?:if\s+not\s+exists\s+)?(?P<name>{_DOTTED})\s.*?\bon\s+"
    rf"(?P<table>{_NAME})\s.*?\bbegin\b(?P<body>.*)\bend\s*;?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_DROP_TRIGGER = re.compile(
    rf"\s*drop\s+trigger\s+(?P<maybe>if\s+exists\s+)?(?P<name>{_DOTTED})\s*;?\s*\Z", re.IGNORECASE
)
_PRAGMA = re.compile(
    rf"\s*pragma\s+(?:{_NAME}\s*\.\s*)?(?P<name>\w+)\s*(?:=\s*(?P<value>[^;()]+?)|\(\s*(?P<call>[^)]*)\))?\s*;?\s*\Z",
    re.IGNORECASE,
)
_VIEW_IF = re.compile(r"(\s*create\s+(?:temp(?:orary)?\s+)?view\s+)(if\s+not\s+exists)", re.IGNORECASE)
_INSERT_OR = re.compile(r"(\s*insert\s+)(or\s+(?:replace|ignore|abort|fail|rollback))\b", re.IGNORECASE)
_UPDATE_OR = re.compile(r"(\s*update\s+)(or\s+(?:replace|ignore|abort|fail|rollback))\b", re.IGNORECASE)
_REPLACE = re.compile(r"(\s*)replace(?=\s+into\b)", re.IGNORECASE)
_TABLE_WORDS = re.compile(
    r"\bautoincrement\b|\bon\s+conflict\s+(?:rollback|abort|fail|ignore|replace)\b", re.IGNORECASE
)
_TABLE_END = re.compile(
    r"\)\s*(?P<options>(?:without\s+rowid|strict)(?:\s*,\s*(?:without\s+rowid|strict))*)\s*;?\s*\Z", re.I
)


def split(text: str) -> tuple[Piece, ...]:
    """The statements of a text. A trigger is one, with all that its body holds."""
    pieces = tuple(split_plain(text))
    if not pieces or not _TRIGGER.match(pieces[0].text) or not pieces[-1].text.lower().endswith("end"):
        return pieces
    first, last = pieces[0], pieces[-1]
    return (replace(first, text=text[first.start : last.end], end=last.end),)


def read(text: str) -> Reading:
    """What the text of one statement says to SQLite."""
    for own in (_trigger, _drop_trigger, _pragma):
        found = own(text)
        if found is not None:
            return found
    return replace(read_plain(_respelled(text)), text=text)


def _trigger(text: str) -> Reading | None:
    found = _TRIGGER_HEAD.match(text)
    if found is None:
        return None
    table = _name(found["table"])
    body = tuple(read(piece.text) for piece in split_plain(found["body"]))
    named = dict.fromkeys(o.name for one in body for o in one.objects if o.kind == "table")
    objects = (
        ObjectRef("trigger", _name(found["name"]), "created"),
        ObjectRef("table", table, "on"),
        *(ObjectRef("table", name, "used") for name in named if name != table),
    )
    flags = frozenset({"temporary"}) if found["temp"] else frozenset()
    return Reading("create trigger", text, objects, (Action("body", value=found["body"]),), flags)


def _drop_trigger(text: str) -> Reading | None:
    found = _DROP_TRIGGER.match(text)
    if found is None:
        return None
    flags = frozenset({"if exists"}) if found["maybe"] else frozenset()
    return Reading("drop trigger", text, (ObjectRef("trigger", _name(found["name"]), "dropped"),), (), flags)


def _pragma(text: str) -> Reading | None:
    found = _PRAGMA.match(text)
    if found is None:
        return None
    value = found["value"] or found["call"]
    action = Action("pragma", found["name"].lower(), value=value.strip(" '\"").lower() if value else None)
    return Reading("pragma", text, (), (action,))


def _name(written: str) -> Name:
    """SQLite compares names whatever the letters' case; ours are folded where they were not quoted."""
    last = re.findall(_NAME, written)[-1]
    if last[0] in '"`[':
        return Name(last[1:-1].replace('""', '"') if last[0] == '"' else last[1:-1])
    return Name(last.lower())


def _respelled(text: str) -> str:
    """The text with SQLite's own words blanked out and its quotes standard, every character in its place."""
    text = _standard_quotes(text)
    for pattern in (_VIEW_IF, _INSERT_OR, _UPDATE_OR):
        text = pattern.sub(lambda m: m[1] + " " * len(m[2]), text, count=1)
    text = _REPLACE.sub(lambda m: m[1] + "INSERT ", text, count=1)
    if re.match(r"\s*(?:create\b.*?\btable|alter\s+table)\b", text, re.IGNORECASE):
        text = _outside_literals(text, lambda part: _TABLE_WORDS.sub(_blank, part))
        text = _TABLE_END.sub(lambda m: m[0].replace(m["options"], " " * len(m["options"])), text)
    return text


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _outside_literals(text: str, change: Callable[[str], str]) -> str:
    return "".join(change(part) if plain else part for plain, part in _parts(text))


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """The text in pieces; True for those outside literals, quoted names and comments."""
    done = 0
    for kind, start, end, _ in lexemes(text):
        if kind in ("line", "block", "string", "escape", "name"):
            yield True, text[done:start]
            yield False, text[start:end]
            done = end
    yield True, text[done:]


_FOREIGN = re.compile(r"`([^`\"]*)`|\[([^\]\"]*)\]")


def _standard_quotes(text: str) -> str:
    """`name` and [name] as "name"."""
    if "`" not in text and "[" not in text:
        return text
    return _outside_literals(text, lambda part: _FOREIGN.sub(lambda m: f'"{m[1] or m[2] or ""}"', part))
