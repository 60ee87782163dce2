"""pg_dump's patterns that fit every table but some: how to dump few tables' rows, however many others there are.

A pattern is a regular expression but for what stands in double quotes; outside them `?` is any character, `*` any
text, and a dot parts schema and table (psql's documentation, "Patterns"). One pattern a name would be a query
each, and one of thousands of names takes the server minutes; the complement of a few names is short. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from alembic_safe.quick import dataclass


@dataclass(slots=True)
class _Node:
    """A place in the names to spare: what may follow, and whether a name ends here. `rest`: spare all below."""

    following: dict[str, _Node] = field(default_factory=dict)
    ends: bool = False
    rest: bool = False


def all_but(tables: Iterable[tuple[str, str]], *, utf8: bool = True) -> tuple[str, ...]:
    """Patterns that fit every table but these (schema, name).

    Without `utf8` (the database has another encoding) a name is told by what comes before its first character
    that is not ASCII: a table too many is spared, never one too few.

    >>> all_but([])
    ('*.*',)
    >>> all_but([("public", "ab")])[1]
    '"public".(|[^"a"]*|"a"(|[^"b"]*|"b"(?*)))'
    """
    by_schema: dict[str, list[str]] = {}
    for schema, name in tables:
        by_schema.setdefault(schema, []).append(name)
    if not by_schema:
        return ("*.*",)
    patterns = _parts("", ".*", _tree(by_schema, utf8))
    for schema, names in sorted(by_schema.items()):
        if utf8 or schema.isascii():  # of the others all is spared that begins like them
            patterns += _parts(f"{_quoted(schema)}.", "", _tree(names, utf8))
    return tuple(patterns)


def _parts(before: str, after: str, tree: _Node) -> list[str]:
    return [] if tree.rest else [f"{before}{_complement(tree)}{after}"]


def _tree(names: Iterable[str], utf8: bool) -> _Node:
    root = _Node()
    for name in names:
        node = root
        for character in name:
            if not utf8 and not character.isascii():
                node.rest = True
                break
            node = node.following.setdefault(character, _Node())
        else:
            node.ends = True
    return root


def _complement(node: _Node) -> str:
    """What may follow here so that the whole is none of the names."""
    if not node.following:
        return "(?*)"
    ways = [] if node.ends else [""]
    # a hyphen means a range in a class, unless it comes last
    characters = "".join(sorted(node.following, key=lambda character: (character == "-", character)))
    ways.append(f"[^{_quoted(characters)}]*")
    ways += [_quoted(c) + _complement(below) for c, below in node.following.items() if not below.rest]
    return f"({'|'.join(ways)})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
