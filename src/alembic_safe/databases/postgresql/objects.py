"""A schema's text, as pg_dump and pg_restore write it, as a list of objects; two lists compared. Pure.

Both tools write a header before every object: `-- Name: ...; Type: ...; Schema: ...; Owner: ...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from alembic_safe.quick import dataclass

_HEADER = re.compile(
    r"^--\n-- (?:Data for )?Name: (?P<name>.*?); Type: (?P<type>[A-Z ]+); Schema: (?P<schema>.*?);"
    r" Owner: (?P<owner>.*?)(?:; Tablespace: .*)?\n--\n",
    re.MULTILINE,
)
# what stands between objects: psql's own commands, session settings, the comment lines of the frame
_NOISE = re.compile(r"(?:\\(?:un)?restrict .*|SET [a-z_]+ = .*;|--.*|)")
_IDENTIFIER = r'(?:"(?:[^"]|"")+"|[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)'
_ROLES = re.compile(
    rf"\b(?:TO|FROM|FOR ROLE|OWNER TO|AUTHORIZATION|FOR)\s+((?:{_IDENTIFIER})(?:\s*,\s*{_IDENTIFIER})*)"
)
_ROLE_TYPES = frozenset({"ACL", "DEFAULT ACL", "POLICY", "USER MAPPING"})
_NO_ROLES = frozenset({"public", "current_user", "session_user", "current_role"})
# What the database itself has, and no object in it: restored apart, or never.
_DATABASE = frozenset({"DATABASE", "DATABASE PROPERTIES", "ENCODING", "STDSTRINGS", "SEARCHPATH"})
# Contents: pg_restore names some of them in a schema's text, pg_dump does not.
_CONTENTS = (" DATA", "SEQUENCE SET", "BLOB", "BLOBS", "BLOB METADATA")


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One object: its type ("TABLE"), schema ("-" where it has none), name and owner, as the tools say them."""

    type: str
    schema: str
    name: str
    owner: str

    def __str__(self) -> str:
        where = "" if self.schema in ("-", "") else f"{self.schema}."
        return f"{self.type.lower()} {where}{self.name}"


Objects = Mapping[SchemaObject, str]


def objects_of(text: str) -> dict[SchemaObject, str]:
    """Every object of a schema's text with its definition."""
    found: dict[SchemaObject, str] = {}
    headers = list(_HEADER.finditer(text))
    ends = [*(header.start() for header in headers[1:]), len(text)]
    for header, end in zip(headers, ends, strict=False):  # a schema without any object has no header
        one = SchemaObject(header["type"], header["schema"], header["name"], header["owner"])
        if (
            one.type in _DATABASE
            or one.type.endswith(_CONTENTS)
            or (one.type in ("COMMENT", "ACL") and one.name.startswith("DATABASE "))
        ):
            continue
        found[one] = found.get(one, "") + _trimmed(text[header.end() : end])
    return found


def _trimmed(body: str) -> str:
    """An object's own text: a line of a function's body may look like noise, those around it are."""
    lines = body.split("\n")
    first = next((at for at, line in enumerate(lines) if not _NOISE.fullmatch(line)), len(lines))
    while len(lines) > first and _NOISE.fullmatch(lines[-1]):
        lines.pop()
    return "\n".join(lines[first:])


def differences(backup: Objects, restored: Objects) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is missing or came in addition, and what is there but reads differently.

    A definition may read differently although nothing is lost: the server writes the expressions of views,
    checks and indexes anew once they went through a dump.
    """
    faults = [f"{one}: not restored" for one in backup if one not in restored]
    faults += [f"{one}: not in the backup" for one in restored if one not in backup]
    changed = [str(one) for one, text in backup.items() if one in restored and restored[one] != text]
    return tuple(sorted(faults)), tuple(sorted(changed))


def without_owners(objects: Objects) -> dict[SchemaObject, str]:
    """The objects as they are told apart where nobody's ownership and grants were restored."""
    return {
        replace(one, owner=""): text
        for one, text in objects.items()
        if one.type not in ("ACL", "DEFAULT ACL")
    }


def roles_of(objects: Objects) -> tuple[str, ...]:
    """The roles that restoring these objects needs: owners, and who is granted something."""
    found = {one.owner for one in objects if one.owner not in ("", "-")}
    for one, text in objects.items():
        if one.type in _ROLE_TYPES:
            found |= set(_named(_ROLES.findall(text)))
    return tuple(sorted(found))


def extensions_of(objects: Iterable[SchemaObject]) -> tuple[str, ...]:
    """The extensions among them."""
    return tuple(sorted(one.name for one in objects if one.type == "EXTENSION"))


def _named(lists: Iterable[str]) -> Iterable[str]:
    for listed in lists:
        for name in re.findall(_IDENTIFIER, listed):
            plain = name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
            if name.startswith('"') or plain not in _NO_ROLES:
                yield plain
