"""SQL text -> statements -> facts. Pure: no I/O but its own tables. The only room that imports sqlglot.

`split` cuts a text, `read` says what a statement says, `resolve` what the schema adds to that, `facts_of` what a
server does with it, `apply` gives the schema after it, `seeded` the schema that a
catalog shows.
"""

from __future__ import annotations

from alembic_safe.sql.effects import facts_of
from alembic_safe.sql.reader import read
from alembic_safe.sql.resolving import resolve
from alembic_safe.sql.schema.model import Schema
from alembic_safe.sql.schema.replay import apply
from alembic_safe.sql.schema.seeding import seeded
from alembic_safe.sql.splitting import Piece, split

__all__ = ["Piece", "Schema", "apply", "facts_of", "read", "resolve", "seeded", "split"]
