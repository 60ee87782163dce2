"""What alembic's batch mode does on SQLite, put together again from its statements: the copy beside the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from alembic_safe.model.facts import Column, Constraint, Name, Reading
from alembic_safe.model.known import KnownTable
from alembic_safe.quick import dataclass
from alembic_safe.rules.looking import BATCH_COPY, column_is_new
from alembic_safe.rules.place import Place, plain

_NAME = r"""(?:"(?:[^"]|"")*"|[^\W\d]\w*)"""
_FILLED = re.compile(
    rf"\s*insert\s+into\s+(?:{_NAME}\s*\.\s*)?{_NAME}\s*\((?P<into>[^()]*)\)\s*select\s+(?P<of>.*?)\s+from\s",
    re.IGNORECASE | re.DOTALL,
)
_SOURCE = re.compile(
    rf"\s*(?P<cast>cast\s*\(\s*)?(?:{_NAME}\s*\.\s*)?(?P<name>{_NAME})\s*(?:as\s+(?P<type>[^()]+(?:\([^()]*\))?)\s*\))?"
    rf"(?:\s+as\s+{_NAME})?\s*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a column of the copy comes from. `cast` is the type that its values are turned into, "" for none."""

    column: str
    cast: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """A table that is copied. `known` is what it was before; `sources` leave out what the copy does not get.

    `filled` False: its INSERT was not seen, so that nothing is known of where columns come from.
    """

    table: Name
    known: KnownTable
    columns: Mapping[str, Column]
    constraints: tuple[Constraint, ...]
    sources: Mapping[str, Source]
    filled: bool

    def renamed(self) -> Iterator[tuple[str, str]]:
        """Columns that go on under another name: the old one and the new one."""
        for column, source in self.sources.items():
            if source.column != column and source.column not in self.columns:
                yield source.column, column

    def left_out(self) -> Iterator[str]:
        """Columns whose values end with the table."""
        kept = {old for old, _ in self.renamed()}
        yield from (name for name in self.known.columns if name not in self.columns and name not in kept)

    def added(self) -> Iterator[Column]:
        """Columns that no value comes for."""
        for name, column in self.columns.items():
            if self.filled and name not in self.known.columns and name not in self.sources:
                yield column


def copied(place: Place) -> Copy | None:
    """The copy that a CREATE TABLE begins; None for any other command, and for a table that is not known whole."""
    target = place.reading.target
    if place.reading.kind != "create table" or target is None or not target.name.name.startswith(BATCH_COPY):
        return None
    table = Name(target.name.name.removeprefix(BATCH_COPY), target.name.schema)
    known = place.table(table)
    if known is None or not known.complete or not place.old(table):
        return None
    columns = {a.column.name: a.column for a in place.reading.actions if a.column is not None}
    own = [a.constraint for a in place.reading.actions if a.constraint is not None]
    inline = [c for column in columns.values() for c in column.constraints]
    filling = next((p.reading for p in place.after_in_revision() if _fills(p.reading, target.name)), None)
    sources = _sources(filling.text) if filling is not None else {}
    return Copy(table, known, columns, (*own, *inline), sources, bool(sources))


def old_columns(place: Place, copy: Copy) -> frozenset[str]:
    """The columns that running code may know: those which this plan did not add."""
    return frozenset(name for name in copy.known.columns if not column_is_new(place, copy.table, name))


def copy_dropped(place: Place) -> Name | None:
    """The table whose copy, which an earlier command of the revision made, takes its place at this DROP TABLE."""
    if place.reading.kind != "drop table":
        return None
    for gone in place.reading.objects:
        copy = Name(f"{BATCH_COPY}{gone.name.name}", gone.name.schema)
        earlier = place.before_in_revision()
        if place.old(gone.name) and any(_makes(p.reading, copy) for p in earlier):
            return gone.name
    return None


def copy_renamed(place: Place) -> Name | None:
    """The table in whose place this ALTER TABLE puts its copy."""
    target = place.reading.target
    if place.reading.kind != "alter table" or target is None or not target.name.name.startswith(BATCH_COPY):
        return None
    new = next((a.new_name for a in place.reading.actions if a.kind == "rename" and a.new_name), None)
    return Name(new, target.name.schema) if new else None


def _makes(reading: Reading, name: Name) -> bool:
    target = reading.target
    return reading.kind == "create table" and target is not None and plain(target.name) == plain(name)


def _fills(reading: Reading, name: Name) -> bool:
    target = reading.target
    return reading.kind == "insert" and target is not None and plain(target.name) == plain(name)


@lru_cache(maxsize=256)
def _sources(insert: str) -> Mapping[str, Source]:
    """The copy's columns with those that fill them, as `INSERT ... SELECT` has them."""
    found = _FILLED.match(insert)
    if found is None:
        return {}
    into = [_bare(name) for name in _listed(found["into"])]
    sources = [_SOURCE.match(item) for item in _listed(found["of"])]
    return {
        name: Source(_bare(source["name"]), (source["type"] or "").strip() if source["cast"] else "")
        for name, source in zip(into, sources, strict=False)
        if source is not None
    }


def _listed(text: str) -> Iterator[str]:
    """The parts between commas outside brackets and quotes."""
    depth, quoted, begin = 0, False, 0
    for position, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            if letter == "," and depth == 0:
                yield text[begin:position]
                begin = position + 1
    yield text[begin:]


def _bare(name: str) -> str:
    name = name.strip()
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
