"""How volatile the server's own functions are, by name.

The lists beside this module were taken from pg_proc of 15 to 18 (worst overload, worst version); a test on
every server holds them. Those of contrib stand here, since an extension may not be at hand.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic_safe.model.facts import Volatility

_CONTRIB: dict[str, Volatility] = {
    # uuid-ossp
    "uuid_generate_v1": "volatile",
    "uuid_generate_v1mc": "volatile",
    "uuid_generate_v4": "volatile",
    "uuid_generate_v3": "immutable",
    "uuid_generate_v5": "immutable",
    "uuid_nil": "immutable",
    # pgcrypto
    "gen_salt": "volatile",
    "gen_random_bytes": "volatile",
    "crypt": "immutable",
    "digest": "immutable",
    "hmac": "immutable",
    # unaccent
    "unaccent": "stable",
}

# The server's functions that do more than compute: what running one does, for people to read.
EFFECTS: dict[str, str] = {
    "setval": "sets a sequence",
    "set_config": "changes a setting",
    "pg_sleep": "waits",
    "pg_sleep_for": "waits",
    "pg_sleep_until": "waits",
    "pg_terminate_backend": "ends other sessions",
    "pg_cancel_backend": "cancels what other sessions run",
    "pg_drop_replication_slot": "drops a replication slot: its subscriber or standby cannot go on",
    "pg_create_logical_replication_slot": "makes a slot, which keeps all WAL until somebody reads it",
    "pg_create_physical_replication_slot": "makes a slot, which keeps all WAL until somebody reads it",
    "pg_replication_slot_advance": "moves a replication slot: what it skips never arrives",
    "pg_reload_conf": "changes the settings of every session",
    "pg_promote": "makes a standby a primary",
    "lo_unlink": "deletes a large object",
    "lo_import": "reads a file of the server's machine",
    "lo_export": "writes a file of the server's machine",
    "pg_advisory_lock": "waits for a lock of the application's own, and keeps it beyond the transaction",
    "pg_advisory_lock_shared": "waits for a lock of the application's own, and keeps it beyond the transaction",
    "pg_stat_reset": "forgets what was counted of the use of tables and indexes",
    "query_to_xml": "runs SQL that is in a literal",
    "query_to_xml_and_xmlschema": "runs SQL that is in a literal",
    "ts_stat": "runs SQL that is in a literal",
}


def volatility_of(name: str, *, builtin: bool = True) -> Volatility:
    """The function's volatility; "unknown" for one that is not the server's (or `builtin` says so)."""
    if name.startswith("st_"):
        return "immutable"  # PostGIS, by the hundred
    return _table().get(name, "unknown") if builtin else _CONTRIB.get(name, "unknown")


@cache
def _table() -> dict[str, Volatility]:
    table: dict[str, Volatility] = dict(_CONTRIB)
    volatilities: tuple[Volatility, ...] = ("immutable", "stable", "volatile")
    for volatility in volatilities:
        names = (Path(__file__).parent / f"functions_{volatility}.txt").read_text(encoding="ascii").split()
        table.update(dict.fromkeys(names, volatility))
    return table
