"""What the project's models map: `target_metadata` as env.py gave it to alembic, as plain names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData

from alembic_safe.bridge.messages import MappedTable, ModelsRead


def read(context: MigrationContext) -> ModelsRead:
    """The tables of `target_metadata`, which may be one MetaData or several; none where it is not given."""
    given: Any = context.opts.get("target_metadata")
    if given is None:
        return ModelsRead(None)
    several: Iterable[Any] = (given,) if isinstance(given, MetaData) else tuple(given)
    tables: dict[tuple[str | None, str], set[str]] = {}
    for metadata in several:
        for table in metadata.tables.values():
            tables.setdefault((table.schema, table.name), set()).update(str(c.name) for c in table.columns)
    return ModelsRead(
        tuple(MappedTable(name, schema, tuple(sorted(columns))) for (schema, name), columns in tables.items())
    )
