"""Which server and database a session is on. Imports no driver."""

from __future__ import annotations

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
