"""Where the journal stands in a PostgreSQL database: found, made, or refused with the words a DBA needs."""

from __future__ import annotations

from dataclasses import fields

from alembic_safe import __version__
from alembic_safe.errors import AlembicSafeError, RefusedError, UnknownRevisionError
from alembic_safe.journal._store import Store, quoted, sqlstate
from alembic_safe.quick import dataclass

JOURNAL_FORMAT = 5

# One key for all schemas: the creation takes a moment, once in a database's life.
_CREATE_KEY = 0x616C_656D_6A72_6E6C
_ALTERNATIVE = 'or keep the journal in a file: `journal = "file:PATH"`.'
_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True, slots=True)
class Place:
    """What queries/look.postgresql.sql found: the schema, the tables, and what the role may do there."""

    schema_exists: bool
    schema_usage: bool
    schema_create: bool
    database_create: bool
    exists: bool
    may_read: bool
    may_write: bool
    role: str
    database: str
    utf8: bool
    synchronous_commit: str
    read_only: bool


def look(store: Store, schema: str) -> Place:
    """Look without touching."""
    (row,) = store.rows("look", schema=schema)
    return Place(**dict(zip((field.name for field in fields(Place)), row, strict=True)))


def require_rights(place: Place, schema: str, *, write: bool) -> None:
    """Raise RefusedError with the statement that a DBA must run, when the role cannot use what is there."""
    granted = place.schema_usage and place.may_read and (place.may_write or not write)
    if granted:
        return
    rights = _RIGHTS if write else "SELECT"
    raise RefusedError(
        f'the role "{place.role}" may not {"write" if write else "read"} the journal in schema "{schema}"',
        hint=_ask(
            f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(place.role)}; "
            f"GRANT {rights} ON ALL TABLES IN SCHEMA {quoted(schema)} TO {quoted(place.role)};"
        ),
    )


def make(store: Store, schema: str) -> None:
    """Make schema and tables, all or nothing. Whoever comes second at the same moment finds them made."""
    with store.transaction():
        store.database.fetch(f"SELECT pg_advisory_xact_lock({_CREATE_KEY})")
        place = look(store, schema)
        if place.exists:
            return
        require_creation(place, schema)
        if not place.schema_exists:
            store.database.execute(f"CREATE SCHEMA {quoted(schema)}")
        try:
            store.run("create", format=1, tool_version=__version__)
            bring_up(store)
        except AlembicSafeError as error:
            if sqlstate(error) not in ("42P07", "42710"):  # duplicate table, duplicate object
                raise
            raise RefusedError(
                f'the schema "{schema}" holds tables that are not a journal of alembic-safe',
                hint=f"Give the journal another schema (`journal-schema`), {_ALTERNATIVE}",
            ) from error


def bring_up(store: Store) -> None:
    """Bring an older format up to ours, inside the caller's transaction. Nothing older is lost."""
    ((found, _),) = store.rows("format")
    for number in range(found + 1, JOURNAL_FORMAT + 1):
        store.run(f"format_{number}", tool_version=__version__)


def bring_up_place(store: Store, schema: str) -> None:
    """Bring the journal of a schema up to our format, if it is of an older one. Raises as `make` does."""
    rows = store.rows("format")
    if not rows or rows[0][0] >= JOURNAL_FORMAT:
        return
    with store.transaction():
        store.database.fetch(f"SELECT pg_advisory_xact_lock({_CREATE_KEY})")
        require_creation(look(store, schema), schema)
        bring_up(store)


def require_creation(place: Place, schema: str) -> None:
    """Raise RefusedError with the statement for a DBA, when the role cannot make the journal's schema and tables."""
    name, role, database = quoted(schema), quoted(place.role), quoted(place.database)
    if place.read_only:
        raise RefusedError(
            f'the database "{place.database}" is read-only: the journal cannot be made',
            hint="Connect to the primary, or look at default_transaction_read_only.",
        )
    if place.schema_exists and not (place.schema_usage and place.schema_create):
        raise RefusedError(
            f'the role "{place.role}" may not make the journal\'s tables in schema "{schema}"',
            hint=_ask(f"GRANT USAGE, CREATE ON SCHEMA {name} TO {role};"),
        )
    if not place.schema_exists and not place.database_create:
        raise RefusedError(
            f'the role "{place.role}" may not create schema "{schema}" in database "{place.database}"',
            hint=_ask(
                f"CREATE SCHEMA {name} AUTHORIZATION {role}; (in database {database}; "
                f"or GRANT CREATE ON DATABASE {database} TO {role};)"
            ),
        )


def _ask(statement: str) -> str:
    return f"Ask a DBA to run: {statement} {_ALTERNATIVE[0].upper()}{_ALTERNATIVE[1:]}"


def require_format(store: Store) -> None:
    """Raise UnknownRevisionError when a newer tool made the journal. An older one can be read."""
    rows = store.rows("format")
    if not rows:
        raise RefusedError(
            "the journal has no format number: its table meta is empty",
            hint="Was it restored in part? Rename what is there, and a new journal is made.",
        )
    ((found, tool_version),) = rows
    if found > JOURNAL_FORMAT:
        raise UnknownRevisionError(
            f"the journal has format {found}, newer than the format {JOURNAL_FORMAT} of this alembic-safe"
            f" {__version__}",
            hint=f"It was made by alembic-safe {tool_version}: use that version or a newer one here too.",
        )
