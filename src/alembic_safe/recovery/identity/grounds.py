"""How schemas are read, parsed and loaded on PostgreSQL and on SQLite: one value for either."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from alembic_safe.databases import ScratchPlace, open_database
from alembic_safe.databases.postgresql.database import PostgresDatabase
from alembic_safe.databases.postgresql.objects import objects_of, roles_of
from alembic_safe.databases.postgresql.schema_text import SchemaTool, find_schema_tool, load_schema
from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.identity import SchemaParts
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.protocols import Database
from alembic_safe.model.scratch import Clone
from alembic_safe.model.targets import VersionTable
from alembic_safe.quick import dataclass
from alembic_safe.recovery.identity.comparing import Sql
from alembic_safe.recovery.identity.names import quoted
from alembic_safe.recovery.identity.reading import parts_of
from alembic_safe.recovery.identity.sqlite import sqlite_parts
from alembic_safe.recovery.identity.statements import no_sql, sql_for

Tick = Callable[[], None]
_MASTER = """SELECT type, name, tbl_name, sql FROM sqlite_master
 WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name <> ? COLLATE NOCASE ORDER BY type, name"""


class Ground(Protocol):
    """How one dialect's schemas are had. `version` names everything that the form of a text follows from."""

    @property
    def version(self) -> str: ...
    @property
    def sql(self) -> Sql: ...
    def live(self) -> str: ...
    def clone(self, place: ScratchPlace, clone: Clone) -> str: ...
    def parse(self, text: str) -> SchemaParts: ...
    def loaded(self, place: ScratchPlace, text: str) -> str | None:
        """A text after it went through a database; None where that changes nothing."""


@dataclass(frozen=True, slots=True)
class SqliteGround:
    """SQLite keeps the text of each object as it was typed: nothing is loaded."""

    database: Database
    table: VersionTable
    sql: Sql = no_sql

    @property
    def version(self) -> str:
        return "sqlite"

    def live(self) -> str:
        return self._text(self.database)

    def clone(self, place: ScratchPlace, clone: Clone) -> str:
        database = open_database(clone.parameters, policy=ControlPolicy(), read_only=True)
        try:
            return self._text(database)
        finally:
            database.close()

    def parse(self, text: str) -> SchemaParts:
        return sqlite_parts([(row[0], row[1], row[2], row[3]) for row in json.loads(text)])

    def loaded(self, place: ScratchPlace, text: str) -> str | None:
        return None

    def _text(self, database: Database) -> str:
        rows: list[Any] = [list(row) for row in database.fetch(_MASTER, [self.table.name])]
        return json.dumps(rows)


@dataclass(slots=True)
class PostgresGround:
    """pg_dump of the target's major reads both sides, and the server writes expressions anew when one is loaded."""

    database: Database
    table: VersionTable
    journal_schema: str
    tool: SchemaTool
    tick: Tick
    sql: Sql = sql_for
    _tools: dict[str, SchemaTool] = field(default_factory=dict)

    @classmethod
    def of(
        cls, database: Database, table: VersionTable, journal_schema: str, bindir: Path | None, tick: Tick
    ) -> PostgresGround:
        """Raises `BackupError` where there is no pg_dump of the server's major, `UnreachableError`."""
        tool = find_schema_tool(database, bindir)
        return cls(database, table, journal_schema, tool, tick)

    @property
    def version(self) -> str:
        return f"{self.database.facts.version_number // 10_000}/{self.tool.client.version}"

    def live(self) -> str:
        return self._written(self.tool, self.database.facts.database)

    def clone(self, place: ScratchPlace, clone: Clone) -> str:
        if place.server.words not in self._tools:
            # closed at once: a session on the clone would keep it from being dropped or copied
            database = open_database(clone.parameters, policy=ControlPolicy(), read_only=True)
            try:
                self._tools[place.server.words] = find_schema_tool(database, self.tool.client.bindir)
            finally:
                database.close()
        return self._written(self._tools[place.server.words], clone.name)

    def parse(self, text: str) -> SchemaParts:
        return parts_of(objects_of(text))

    def loaded(self, place: ScratchPlace, text: str) -> str | None:
        clone = place.make(template="template0")
        try:
            self._load(place, clone, text)
            return self.clone(place, clone)
        finally:
            place.drop(clone)

    def _load(self, place: ScratchPlace, clone: Clone, text: str) -> None:
        if place.own:
            for role in roles_of(objects_of(text)):
                with suppress(AlembicSafeError):  # there already
                    place.make_role(role)
        database = open_database(clone.parameters, policy=ControlPolicy())
        try:
            assert isinstance(database, PostgresDatabase)
            load_schema(database, text)
        finally:
            database.close()

    def _written(self, tool: SchemaTool, name: str) -> str:
        return tool.write(
            name,
            schemas_left_out=(self.journal_schema,),
            tables_left_out=(f"*.{quoted_always(self.table.name)}",),
            tick=self.tick,
        )


def quoted_always(name: str) -> str:
    """A name as a pattern of psql's that fits it alone."""
    text = quoted(name)
    return text if text.startswith('"') else f'"{text}"'
