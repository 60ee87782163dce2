"""Write a target's version rows: all of them in one transaction on our own connection, and read back."""

from __future__ import annotations

from contextlib import suppress

from alembic_safe.errors import AlembicSafeError, DirtyTargetError, RefusedError
from alembic_safe.model.protocols import Database
from alembic_safe.model.targets import Target

_LONGEST = 32  # of alembic's own column, where we make the table


def write_version_rows(
    database: Database, target: Target, before: tuple[str, ...] | None, after: tuple[str, ...]
) -> None:
    """Make the rows `after` of the rows `before`; the table is made as alembic makes it where there is none.

    The deploy lock must be held. Raises `RefusedError` where other rows stand now, or the role may not write;
    `DirtyTargetError` when they are not there afterwards.
    """
    table = _name(target)
    postgres = database.facts.dialect == "postgresql"
    placeholder = "%s" if postgres else "?"
    database.execute("BEGIN" if postgres else "BEGIN IMMEDIATE")
    try:
        if postgres and target.role and target.role != database.facts.user:
            # as env.py does, so that the table is whose it would be
            database.execute(f"SET LOCAL ROLE {_quoted(target.role)}")
        if before is None:
            database.execute(
                f"CREATE TABLE {table} (version_num VARCHAR({max(_LONGEST, *map(len, after), 1)}) NOT NULL,"
                f" CONSTRAINT {_quoted(f'{target.version_table.name}_pkc')} PRIMARY KEY (version_num))"
            )
        elif postgres:
            database.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        now = tuple(sorted(str(row[0]) for row in database.fetch(f"SELECT version_num FROM {table}")))
        if now != tuple(sorted(before or ())):
            raise RefusedError(f"the version rows changed meanwhile: {', '.join(now) or 'none'}")
        database.execute(f"DELETE FROM {table}")
        for row in after:
            database.execute(f"INSERT INTO {table} (version_num) VALUES ({placeholder})", [row])
        database.execute("COMMIT")
    except BaseException:
        with suppress(AlembicSafeError):
            database.execute("ROLLBACK")
        raise
    found = database.read_heads(target.version_table)
    if found != tuple(sorted(after)):
        raise DirtyTargetError(
            f"{target.label} has the version rows {', '.join(found or ()) or 'none'} after"
            f" {', '.join(after) or 'none'} were written"
        )


def _name(target: Target) -> str:
    table = target.version_table
    return ".".join(_quoted(part) for part in (table.schema, table.name) if part)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
