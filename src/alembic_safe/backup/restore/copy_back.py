"""The commands that copy tables from a database restored beside into the target: shown, never run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from alembic_safe.backup.restore.replacing import Ground
from alembic_safe.model.backups import Manifest

_COLUMNS = """
SELECT pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ' ORDER BY attnum)
FROM pg_catalog.pg_attribute
WHERE attrelid = pg_catalog.to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


def copy_back(ground: Ground, manifest: Manifest, name: str) -> tuple[str, ...]:
    """A shell line for each table with data: its rows go into a table `restored_...` beside the live one.

    What is done with them there (INSERT what is missing, UPDATE what was spoilt) is for a person to decide. A
    full backup's tables are not listed: it can take the target's place.
    """
    if manifest.scope == "full":
        return ()
    database = ground.connect(name)
    try:
        return tuple(
            _line(ground.name, name, table.name, str(columns))
            for table in manifest.tables
            if table.rows
            for ((columns,),) in [database.fetch(_COLUMNS, [table.name])]
            if columns
        )
    finally:
        database.close()


def _line(target: str, beside: str, table: str, columns: str) -> str:
    plain = table.rpartition(".")[2].strip('"').replace('"', "")
    into = '"restored_' + plain[:54] + '"'
    return " ".join(
        _piped(
            [
                "psql",
                f"--dbname={beside}",
                "--command",
                f"COPY (SELECT {columns} FROM ONLY {table}) TO STDOUT",
            ],
            [
                "psql",
                f"--dbname={target}",
                "--command",
                f"CREATE TABLE {into} AS SELECT {columns} FROM {table} WITH NO DATA",
                "--command",
                f"COPY {into} ({columns}) FROM STDIN",
            ],
        )
    )


def _piped(first: list[str], second: list[str]) -> Iterator[str]:
    yield shlex.join(first)
    yield "|"
    yield shlex.join(second)
