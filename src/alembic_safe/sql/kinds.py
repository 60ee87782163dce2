"""The kinds of objects that CREATE, ALTER, DROP, COMMENT and GRANT name, by the words that say them."""

from __future__ import annotations

from alembic_safe.sql.cursor import Cursor

# Longest first. The value is the kind; role words are one kind to the server.
_WORDS: tuple[tuple[tuple[str, ...], str], ...] = tuple(
    sorted(
        (
            (tuple(words.split()), kind or words)
            for words, kind in {
                "access method": "",
                "aggregate": "",
                "cast": "",
                "collation": "",
                "column": "",
                "constraint": "",
                "conversion": "",
                "database": "",
                "default privileges": "",
                "domain": "",
                "event trigger": "",
                "extension": "",
                "foreign data wrapper": "",
                "foreign table": "",
                "function": "",
                "group": "role",
                "index": "",
                "language": "",
                "procedural language": "language",
                "trusted language": "language",
                "trusted procedural language": "language",
                "large object": "",
                "materialized view": "",
                "operator": "",
                "operator class": "",
                "operator family": "",
                "owned": "",
                "parameter": "",
                "policy": "",
                "procedure": "",
                "publication": "",
                "role": "",
                "routine": "",
                "rule": "",
                "schema": "",
                "sequence": "",
                "server": "",
                "foreign server": "server",
                "statistics": "",
                "subscription": "",
                "system": "",
                "table": "",
                "tablespace": "",
                "text search configuration": "",
                "text search dictionary": "",
                "text search parser": "",
                "text search template": "",
                "transform": "",
                "trigger": "",
                "constraint trigger": "trigger",
                "type": "",
                "user": "role",
                "user mapping": "",
                "view": "",
            }.items()
        ),
        key=lambda pair: -len(pair[0]),
    )
)
_BY_FIRST: dict[str, list[tuple[tuple[str, ...], str]]] = {}
for _words, _kind in _WORDS:
    _BY_FIRST.setdefault(_words[0], []).append((_words, _kind))

# Kinds that live in a schema and are named with it.
RELATIONS = frozenset({"table", "index", "view", "materialized view", "sequence", "foreign table"})
# Kinds whose name is followed by argument types.
CALLABLE = frozenset({"function", "procedure", "routine", "aggregate"})
# Kinds that belong to a table named after ON.
ON_TABLE = frozenset({"trigger", "rule", "policy"})


def read_kind(cursor: Cursor) -> str:
    """Take the words of a kind. Raises `NotUnderstood` where none stands."""
    for words, kind in _BY_FIRST.get(cursor.keys[cursor.i], ()):
        if cursor.accept(*words):
            return kind
    raise cursor.unexpected("a kind of object")
