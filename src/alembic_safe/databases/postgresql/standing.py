"""Looks whether what a statement makes is there: for recovery, which settles by it what no journal can."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from alembic_safe.databases.postgresql.queries import query
from alembic_safe.model.facts import Name
from alembic_safe.model.protocols import Database
from alembic_safe.model.targets import Session
from alembic_safe.quick import dataclass

_PARTS = ("column", "constraint", "trigger", "partition", "label")
_SQLITE = "SELECT 1 FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view', 'index', 'trigger')"
_SQLITE_ALL = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view', 'index', 'trigger')"
_SQLITE_COLUMN = "SELECT 1 FROM pragma_table_info(?) WHERE name = ? COLLATE NOCASE"
_SQLITE_BATCH = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '\\_alembic\\_tmp\\_%' ESCAPE '\\'"
)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is there: in `schema` ("" where it has none); `valid` False: an INVALID index, a constraint that
    is not validated, a partition whose detaching is pending."""

    schema: str
    valid: bool = True


@dataclass(frozen=True, slots=True)
class Left:
    """`kind` "detach" or "batch"; the parent and its partition, or the copy and what it stands for (None: gone)."""

    kind: str
    name: str
    other: str | None


def find(database: Database, kind: str, name: Name, part: str, search_path: Sequence[str]) -> Found | None:
    """What stands there now of a relation, a part of one, a type, schema or extension; None: nothing.

    `kind` is "relation", "type", "schema", "extension", or that of a part ("column", "constraint", "trigger",
    "partition", "label") with `name` its table or type. Names without a schema are looked for on `search_path`.
    """
    if database.facts.dialect == "sqlite":
        return _find_in_file(database, kind, name, part)
    schemas = [name.schema] if name.schema else list(search_path) or ["public"]
    if kind in _PARTS:
        return _find_part(database, kind, name, part, schemas)
    if kind == "relation":
        rows = database.fetch(query("stands_relation"), {"name": name.name, "schemas": schemas})
        return Found(str(rows[0][0]), bool(rows[0][2])) if rows else None
    rows = database.fetch(query("stands_other"), {"kind": kind, "name": name.name, "schemas": schemas})
    return Found(str(rows[0][0])) if rows else None


def missing_relations(
    database: Database, names: Collection[Name], search_path: Sequence[str]
) -> frozenset[Name]:
    """Those of these relations that are not there, all asked for at once. As `find` looks for them."""
    if not names:
        return frozenset()
    if database.facts.dialect == "sqlite":
        known = {str(name).lower() for (name,) in database.fetch(_SQLITE_ALL)}
        return frozenset(name for name in names if name.name.lower() not in known)
    rows = database.fetch(query("stands_relations"), {"names": sorted({name.name for name in names})})
    there = {(str(schema), str(name)) for schema, name in rows}
    path = list(search_path) or ["public"]
    return frozenset(
        name
        for name in names
        if not any((schema, name.name) in there for schema in ([name.schema] if name.schema else path))
    )


def _find_part(database: Database, kind: str, name: Name, part: str, schemas: list[str]) -> Found | None:
    whole = find(database, "type" if kind == "label" else "relation", name, "", schemas)
    if whole is None:
        return None
    relation = ".".join('"' + text.replace('"', '""') + '"' for text in (whole.schema, name.name))
    rows = database.fetch(query("stands_part"), {"relation": relation, "kind": kind, "part": part})
    return Found(whole.schema, bool(rows[0][0])) if rows else None


def _find_in_file(database: Database, kind: str, name: Name, part: str) -> Found | None:
    if kind == "relation" and database.fetch(_SQLITE, [name.name]):
        return Found("")
    if kind == "column" and database.fetch(_SQLITE_COLUMN, [name.name, part]):
        return Found("")
    return None


def left_objects(database: Database) -> tuple[Left, ...]:
    """Partitions half detached, and copies that alembic's batch mode left."""
    if database.facts.dialect == "postgresql":
        return tuple(Left(*row) for row in database.fetch(query("left_objects")))
    found = []
    for (name,) in database.fetch(_SQLITE_BATCH):
        original = str(name)[len("_alembic_tmp_") :]
        there = find(database, "relation", Name(original), "", ())
        found.append(Left("batch", f'"{name}"', f'"{original}"' if there else None))
    return tuple(found)


def unvalidated(database: Database) -> tuple[str, ...]:
    """Constraints that hold for new rows alone; none on SQLite, which has no such thing."""
    if database.facts.dialect != "postgresql":
        return ()
    return tuple(str(row[0]) for row in database.fetch(query("unvalidated")))


def run_sessions(
    database: Database, applications: Sequence[str]
) -> tuple[tuple[Session, str, str, str, float], ...]:
    """The open sessions that bear one of these names: session (start "" if not shown), name, state, query, seconds."""
    if database.facts.dialect != "postgresql" or not applications:
        return ()
    rows = database.fetch(query("dead_sessions"), [list(applications)])
    return tuple((Session(pid, began), name, state, text, age) for pid, began, name, state, text, age in rows)


def working_sessions(database: Database) -> tuple[tuple[Session, str, str, str, float], ...]:
    """The sessions that execute something for somebody else than us, as `run_sessions`; what is hidden is left out."""
    if database.facts.dialect != "postgresql":
        return ()
    rows = database.fetch(query("working_sessions"))
    return tuple((Session(pid, began), name, state, text, age) for pid, began, name, state, text, age in rows)


# as `scratch` and `backup.restore` write them
_STANDS_IN = ("alembic-safe: a scratch database", "alembic-safe: a clone that was kept", "alembic-safe: was ")
_COMMENT = """SELECT coalesce(pg_catalog.shobj_description(oid, 'pg_database'), '') FROM pg_catalog.pg_database
 WHERE datname = pg_catalog.current_database()"""


def stands_in(database: Database) -> str:
    """What a database of ours is that stands in for another, by the comment that we gave it; "" for any other.

    One that was restored beside is none of these: an application may be led to it.
    """
    if database.facts.dialect != "postgresql":
        return ""
    rows = database.fetch(_COMMENT)
    said = str(rows[0][0]) if rows else ""
    return said.partition("; ")[0] if said.startswith(_STANDS_IN) else ""
