"""Names in SQL that a server wrote: taken apart, put together, quoted only where they must be. Pure."""

from __future__ import annotations

import re

IDENTIFIER = r'(?:"(?:[^"]|"")*"|[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)'
QUALIFIED = rf"{IDENTIFIER}(?:\.{IDENTIFIER})*"
_ONE = re.compile(IDENTIFIER)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# pg_get_keywords() of 18 whose category is not "unreserved": quote_ident() quotes these
_WORDS = """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both
    case cast char character check coalesce collate collation column concurrently constraint create cross
    current_catalog current_date current_role current_schema current_time current_timestamp current_user dec
    decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign
    freeze from full grant greatest group grouping having ilike in initially inner inout int integer
    intersect interval into is isnull join json json_array json_arrayagg json_exists json_object
    json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least left
    like limit localtime localtimestamp merge_action national natural nchar none normalize not notnull null
    nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real
    references returning right row select session_user setof similar smallint some substring symmetric
    system_user table tablesample then time timestamp to trailing treat trim true union unique user using
    values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists
    xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
"""
_RESERVED = frozenset(_WORDS.split())


def plain(identifier: str) -> str:
    """The name itself, of one identifier as SQL has it.

    >>> plain('"My ""own"" table"'), plain("users")
    ('My "own" table', 'users')
    """
    return identifier[1:-1].replace('""', '"') if identifier.startswith('"') else identifier


def quoted(name: str) -> str:
    """A name as SQL must have it, with quotes only where it needs them.

    >>> quoted("users"), quoted("Users"), quoted("order")
    ('users', '"Users"', '"order"')
    """
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def canonical(qualified: str) -> str:
    """A qualified name of SQL in the one form that names have here.

    >>> canonical('"public"."Users"')
    'public."Users"'
    """
    return ".".join(quoted(plain(one)) for one in _ONE.findall(qualified))


def in_schema(schema: str, name: str) -> str:
    """The qualified name of an object; "-" or "" is no schema."""
    return quoted(name) if schema in ("", "-") else f"{quoted(schema)}.{quoted(name)}"


def parent(qualified: str) -> tuple[str, str]:
    """A qualified name without its last component, and that component.

    >>> parent('public."a.b".c')
    ('public."a.b"', 'c')
    """
    parts = _ONE.findall(qualified)
    return ".".join(parts[:-1]), parts[-1] if parts else ""
