"""Which revision a database is at, told by its schema and not by its version rows.

The history is replayed on a scratch database, its schema read after every revision, and the live one compared with
each, object by object. What was replayed is kept by its content, so that only the first time is long.
"""

from alembic_safe.recovery.identity.identifying import identify
from alembic_safe.recovery.identity.sources import Asked

__all__ = ["Asked", "identify"]
