"""Row counts and pages of a target, given to the tables of a clone that has its schema without its rows.

A revision that asks pg_class how large a table is (reltuples, relpages) goes the way that it will go on the target.
The planner takes the pages that a table really has (src/backend/optimizer/util/plancat.c, estimate_rel_size), so that
its plans on an empty clone are those of an empty table all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from alembic_safe.databases.postgresql.belongings import literal
from alembic_safe.databases.postgresql.looking_on import RelationSize
from alembic_safe.model.protocols import Database

_GIVE = """
UPDATE pg_catalog.pg_class AS c SET reltuples = v.rows, relpages = v.pages
  FROM pg_catalog.json_to_recordset({}::pg_catalog.json) AS v(schema text, name text, rows real, pages integer)
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = v.schema
 WHERE c.relnamespace = n.oid AND c.relname = v.name AND c.relkind IN ('r', 'm', 'p')
"""


def give_row_counts(database: Database, sizes: Iterable[RelationSize]) -> None:
    """Write them into a clone's system catalog, as pg_restore of 18 does by pg_restore_relation_stats.

    Nothing is done where this role is no superuser. Raises `UnreachableError`.
    """
    if database.fetch("SHOW is_superuser") != [("on",)]:
        return
    known = [
        {"schema": one.schema, "name": one.name, "rows": one.rows, "pages": one.pages}
        for one in sizes
        if one.rows is not None
    ]
    if known:
        database.execute(_GIVE.format(literal(json.dumps(known))))
