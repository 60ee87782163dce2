"""Opens the journal of a target: in a schema of its database, or in an SQLite file."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, overload

from alembic_safe.databases import origin_of
from alembic_safe.errors import RefusedError, SettingsError
from alembic_safe.journal._file import open_file
from alembic_safe.journal._place import (
    bring_up_place,
    look,
    make,
    require_creation,
    require_format,
    require_rights,
)
from alembic_safe.journal._store import Store
from alembic_safe.journal.journal import Journal
from alembic_safe.model.policies import JournalPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.targets import DatabaseFacts

_SUFFIX = ".alembic-safe-journal"
_SCHEMA = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


@overload
def open_journal(database: Database, policy: JournalPolicy, *, create: Literal[True]) -> Journal: ...
@overload
def open_journal(database: Database, policy: JournalPolicy, *, create: bool) -> Journal | None: ...
def open_journal(database: Database, policy: JournalPolicy, *, create: bool) -> Journal | None:
    """Open the journal of the target's `database`; None when there is none and `create` is False.

    `create`: make what is missing (idempotent, also when two do so at once) and require the right to write.
    Without it nothing is written, and the right to read is enough; only the reading methods may be called. A
    journal in PostgreSQL uses `database` itself, one in a file its own connection: call `close()` at the end.

    Raises `UnknownRevisionError` when a newer tool made the journal, `RefusedError` with the statement for a
    DBA when rights are missing or the file cannot be made, `SettingsError` for an impossible schema name.
    """
    file = journal_file(database.facts, policy)
    if file is None:
        journal: Journal | None = _in_schema(database, policy, create)
    else:
        journal = open_file(
            file, create=create, origin=partial(origin_of, database), shared=policy.file is not None
        )
    if journal is not None:
        try:
            require_format(journal.store)
        except BaseException:
            journal.close()
            raise
    return journal


def require_possible(database: Database, policy: JournalPolicy) -> None:
    """Raise what `open_journal(create=True)` would raise for a lack of rights; writes nothing."""
    if journal_file(database.facts, policy) is not None:
        return
    place = look(Store(database, schema=policy.schema), policy.schema)
    if place.exists:
        require_rights(place, policy.schema, write=True)
    else:
        require_creation(replace(place, read_only=False), policy.schema)


def journal_file(facts: DatabaseFacts, policy: JournalPolicy) -> Path | None:
    """The file that the journal of this database is in; None when it is in the database (PostgreSQL)."""
    if policy.file is not None:
        return policy.file
    if facts.dialect == "postgresql":
        return None
    if not facts.database:
        raise RefusedError(
            "a database in memory has no place for a journal", hint='Set `journal = "file:PATH"`.'
        )
    path = Path(facts.database).resolve()  # two names of one database have one journal
    return path.with_name(path.name + _SUFFIX)


def _in_schema(database: Database, policy: JournalPolicy, create: bool) -> Journal | None:
    schema = policy.schema
    if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
        raise SettingsError(
            f'the journal cannot be in a schema named "{schema}"',
            hint="A name has letters, digits and underscores, at most 63, and does not begin with pg_.",
        )
    store = Store(database, schema=schema)
    place = look(store, schema)
    if not place.exists:
        if not create:
            return None
        make(store, schema)
        place = look(store, schema)
    if create and place.may_read and place.schema_usage:
        bring_up_place(store, schema)
    require_rights(place, schema, write=create)
    if create and not database.facts.pooler:
        database.execute("SET synchronous_commit = off")
    durable = "on" if place.synchronous_commit == "off" else place.synchronous_commit
    store = Store(database, schema=schema, utf8=place.utf8, origin=partial(origin_of, database))
    return Journal(store, owned=False, durable=durable)
