"""Which server and database a session is on, and whether a pooler stands in between. Imports no driver."""

from __future__ import annotations

from alembic_safe.errors import RefusedError
from alembic_safe.model.targets import DatabaseFacts

# Two sessions see the same text if and only if they are on the same database of the same running server. Any
# role may compute it, on 13 and later. No `%`, `:` or `?`, so that every driver passes it on unchanged; the
# time is written out by to_char because the text of a timestamp depends on DateStyle and TimeZone.
SERVER_IDENTITY_SQL = (
    "concat_ws('/',"
    " to_char(pg_catalog.pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS'),"
    " pg_catalog.current_setting('port'),"
    " (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),"
    " pg_catalog.current_database())"
)


def pooler_refusal(facts: DatabaseFacts) -> RefusedError:
    """The refusal for a connection that a pooler shares: a session lock there excludes nobody.

    The driver's backend pid, given at connect, is the pooler's own invention and differs from
    `pg_backend_pid()`. Behind transaction pooling a second client's pg_try_advisory_lock succeeds too.
    """
    return RefusedError(
        f"the connection to {facts.address} goes through a pooler, where a deploy lock excludes nobody",
        hint=(
            "Set `control-url` to the database's direct address, past the pooler: "
            "`env:NAME`, `file:PATH` or `service=NAME`."
        ),
    )
