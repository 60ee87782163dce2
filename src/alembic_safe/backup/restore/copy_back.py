"""The commands that copy tables from a database restored beside into the target: shown, never run."""

from __future__ import annotations

import shlex

from alembic_safe.backup.restore.replacing import Ground
from alembic_safe.databases.postgresql.belongings import ident
from alembic_safe.model.backups import Manifest, TableContent

# by the restored side alone: the target may have lost the column, or the table
_COLUMNS = """
SELECT n.nspname::text, c.relname::text,
       pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum),
       pg_catalog.string_agg(
           pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod),
           ', ' ORDER BY a.attnum)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a
  ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.oid = pg_catalog.to_regclass(%s)
GROUP BY 1, 2
"""
_LONGEST = 63  # bytes of a name; the server cuts the rest off
_PSQL = ("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")


def copy_back(ground: Ground, manifest: Manifest, name: str) -> tuple[str, ...]:
    """A shell line for each table with data: its rows go into a table `restored_<schema>_<table>` of the target.

    What is done with them there (INSERT what is missing, UPDATE what was spoilt) is for a person to decide. A
    full backup's tables are not listed: it can take the target's place.
    """
    if manifest.scope == "full":
        return ()
    lines = []
    taken: set[str] = set()
    database = ground.connect(name)
    try:
        # types are then told with their schema, wherever it is in the search_path of who runs the line
        database.execute("SET search_path = ''")
        for table in manifest.tables:
            for schema, plain, columns, typed in database.fetch(_COLUMNS, [table.name]) if table.rows else ():
                into = _free(f"restored_{schema}_{plain}", taken)
                lines.append(_line(ground.name, name, table, into, str(columns), str(typed)))
    finally:
        database.close()
    return tuple(lines)


def _line(target: str, beside: str, table: TableContent, into: str, columns: str, typed: str) -> str:
    # psql copies what arrives: without the count, what a broken pipe cut off would be committed
    counted = (
        f"DO $$ BEGIN IF (SELECT count(*) FROM {into}) <> {table.rows} THEN"
        f" RAISE EXCEPTION 'not all of {table.rows} rows arrived'; END IF; END $$"
    )
    reading = [f"--dbname={beside}", "--command", f"COPY (SELECT {columns} FROM ONLY {table.name}) TO STDOUT"]
    writing = [f"--dbname={target}", "--single-transaction"]
    for command in (f"CREATE TABLE {into} ({typed})", f"COPY {into} ({columns}) FROM STDIN", counted):
        writing += ["--command", command]
    return f"{shlex.join([*_PSQL, *reading])} | {shlex.join([*_PSQL, *writing])}"


def _free(wanted: str, taken: set[str]) -> str:
    """A name that no other line uses: `a.b_c` and `a_b.c` are two tables, and long names are cut."""
    number, name = 1, _cut(wanted, _LONGEST)
    while name in taken:
        number += 1
        name = _cut(wanted, _LONGEST - len(f"_{number}")) + f"_{number}"
    taken.add(name)
    return ident(name)


def _cut(name: str, size: int) -> str:
    return name.encode()[:size].decode(errors="ignore")
