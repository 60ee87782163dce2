"""From listed statements to a plan that rules can judge: reads them, replays the schema, adds the marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from alembic_safe.model.facts import Name, Reading
from alembic_safe.model.findings import JudgedCommand, JudgedPlan, JudgedRevision, JudgedStatement
from alembic_safe.model.live import Mapped
from alembic_safe.model.revisions import RevisionListing, Statement
from alembic_safe.model.targets import Dialect
from alembic_safe.rules import marks_in_sql, phases, read_marks
from alembic_safe.sql import Schema
from alembic_safe.sql.tongues import Tongue, tongue

_CHANGES = frozenset({"insert", "update", "delete", "merge"})
_ROUTINES = frozenset({"function", "procedure", "routine"})


def replayed(
    listings: Iterable[RevisionListing], schema: Schema | None = None, dialect: Dialect = "postgresql"
) -> Schema:
    """The schema after these revisions: the history before a plan. Starts from nothing, knowing all of it.

    A revision that could not be listed whole leaves a schema that no longer claims to know all.
    """
    schema, sql = schema if schema is not None else Schema(knows_all=True), tongue(dialect)
    for listing in listings:
        for statement in listing.statements:
            for piece in sql.split(statement.sql):
                schema = sql.apply(schema, sql.resolve(sql.read(piece.text), schema))
        if listing.not_inspectable is not None:
            schema = _unsure(schema)
    return schema


def named(listings: Iterable[RevisionListing], dialect: Dialect = "postgresql") -> frozenset[Name]:
    """The names of everything that the statements name, for a look at the target."""
    return frozenset(name for reading in _readings(listings, dialect) for name in _names(reading))


def called(listings: Iterable[RevisionListing], dialect: Dialect = "postgresql") -> frozenset[Name]:
    """The functions and procedures that the statements call by themselves, run by a trigger, make or drop."""
    return frozenset(name for reading in _readings(listings, dialect) for name in _calls(reading))


def _readings(listings: Iterable[RevisionListing], dialect: Dialect) -> Iterator[Reading]:
    sql = tongue(dialect)
    for listing in listings:
        for statement in listing.statements:
            for piece in sql.split(statement.sql):
                yield sql.read(piece.text)


def _calls(reading: Reading) -> Iterator[Name]:
    for action in reading.actions:
        if action.kind == "call" and action.name:
            schema, _, name = action.name.rpartition(".")
            yield Name(name, schema or None)
    for named in reading.objects:
        if named.kind in _ROUTINES:
            yield named.name
    for inner in reading.inner:
        yield from _calls(inner)


def _names(reading: Reading) -> Iterator[Name]:
    for named in reading.objects:
        yield named.name
    for action in reading.actions:
        if action.object is not None:
            yield action.object.name
        constraints = (*(action.column.constraints if action.column else ()), action.constraint)
        for constraint in constraints:
            if constraint is not None and constraint.references is not None:
                yield constraint.references
            if constraint is not None and constraint.using_index is not None:
                schema = reading.target.name.schema if reading.target else None
                yield Name(constraint.using_index, schema)
    for inner in reading.inner:
        yield from _names(inner)


def judged(
    listings: Sequence[RevisionListing],
    *,
    version: int,
    schema: Schema | None = None,
    dialect: Dialect = "postgresql",
    together: bool = True,
    mapped: Mapped | None = None,
    heads: tuple[str, ...] = (),
    reverse: Mapping[str, Sequence[Statement]] | None = None,
    sources: Mapping[str, str] | None = None,
) -> JudgedPlan:
    """Read every statement of a plan against the schema before it (`schema`: after its history).

    `together` False judges each revision by itself (`check --all`). `reverse` are the statements of the
    downgrades by revision id; `sources` the files' texts by revision id, else they are read from disk.
    """
    state, sql = schema if schema is not None else Schema(), tongue(dialect)
    if together:
        state = state.begin_plan()
    revisions: list[JudgedRevision] = []
    for listing in listings:
        state = state.begin_revision() if together else state.begin_plan()
        text = (sources or {}).get(listing.revision.id) or _text(listing.revision.path)
        state, revision = _revision(listing, version, state, text, sql)
        back = (reverse or {}).get(listing.revision.id)
        if back is not None:
            _, statements = _statements(back, version, state.begin_revision(), sql)
            revision = _with_reverse(revision, statements)
        revisions.append(revision)
    plan = JudgedPlan(tuple(revisions), version, dialect, together, mapped, heads)
    derived = zip(plan.revisions, phases(plan), strict=True)
    return replace(plan, revisions=tuple(replace(revision, phase=phase) for revision, phase in derived))


def _revision(
    listing: RevisionListing, version: int, schema: Schema, text: str, sql: Tongue
) -> tuple[Schema, JudgedRevision]:
    schema, statements = _statements(listing.statements, version, schema, sql)
    if listing.not_inspectable is not None:
        schema = _unsure(schema)
    revision = JudgedRevision(
        listing.revision,
        listing.direction,
        statements,
        listing.not_inspectable,
        listing.not_inspectable_at,
        read_marks(text, listing.revision.path),
        autocommit=tuple(_spans(listing.statements)),
        text=text,
    )
    return schema, revision


def _with_reverse(revision: JudgedRevision, statements: tuple[JudgedStatement, ...]) -> JudgedRevision:
    return replace(revision, reverse=statements)


def _statements(
    statements: Sequence[Statement], version: int, schema: Schema, sql: Tongue
) -> tuple[Schema, tuple[JudgedStatement, ...]]:
    found: list[JudgedStatement] = []
    transaction, fresh = 1, True
    for statement in statements:
        if statement.autocommit and not fresh:
            transaction, fresh = transaction + 1, True
            schema = schema.begin_transaction()
        commands: list[JudgedCommand] = []
        pieces = tuple(sql.split(statement.sql))
        # several statements in one string are one transaction, also in autocommit (docs: protocol-flow, simple query)
        alone = statement.autocommit and len(pieces) < 2
        for piece in pieces:
            reading = sql.resolve(_read(sql, piece.text, statement), schema)
            facts = sql.facts_of(reading, version, schema)
            marks = marks_in_sql((text for _, text in piece.comments), _line(statement))
            number = None if alone else transaction
            after = sql.apply(schema, reading)
            path = after.search_path if _path(after) != _path(schema) else None
            commands.append(
                JudgedCommand(
                    facts, schema, number, marks.allowances, path, path is not None and after.path_local
                )
            )
            schema = after
            fresh = False
            if alone or facts.controls_transaction:
                transaction, fresh = transaction + 1, True
                schema = schema.begin_transaction()
        if statement.autocommit and not fresh:
            transaction, fresh = transaction + 1, True
            schema = schema.begin_transaction()
        found.append(JudgedStatement(statement, tuple(commands)))
    return schema, tuple(found)


def _read(sql: Tongue, text: str, statement: Statement) -> Reading:
    """As it reads; a change in a loop of one transaction as one in the loop of a DO block."""
    reading = sql.read(text)
    if statement.repeated and not statement.autocommit and reading.kind in _CHANGES:
        return replace(reading, flags=reading.flags | {"loop"})
    return reading


def _path(schema: Schema) -> tuple[object, ...]:
    return schema.search_path, schema.path_local, schema.session_path


def _line(statement: Statement) -> int | None:
    return statement.source.line if statement.source else None


def _spans(statements: Iterable[Statement]) -> Iterator[tuple[int, int]]:
    """Runs of statements that commit on their own, by first and last ordinal."""
    first = last = 0
    for statement in statements:
        if statement.autocommit:
            first, last = first or statement.ordinal, statement.ordinal
        elif first:
            yield first, last
            first = 0
    if first:
        yield first, last


def _unsure(schema: Schema) -> Schema:
    return replace(schema, knows_all=False)


def _text(path: str) -> str:
    """The source of a revision; "" where it is gone or no text."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
