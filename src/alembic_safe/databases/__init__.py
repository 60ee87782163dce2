"""A target's database: our own connection to it, its deploy lock, and the tool that dumps it.

The only room with a database driver or a subprocess of a database tool. Importing it imports neither,
and of this room only what is asked for: a worker asks for four names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_safe.quick import lazily

if TYPE_CHECKING:
    from alembic_safe.databases._emptiness import emptiness_sql
    from alembic_safe.databases._libpq import libpq_keywords
    from alembic_safe.databases._open import copy_tables, open_database, open_watcher, warm_up
    from alembic_safe.databases._reading import DumpReader, reading_tool, system_identifier, wal_position
    from alembic_safe.databases.account import account_name
    from alembic_safe.databases.external import run_external
    from alembic_safe.databases.libpq_environment import LIBPQ_WHERE
    from alembic_safe.databases.origin import origin_of
    from alembic_safe.databases.postgresql.catalog import null_share, quoted_names, read_catalog, read_tables
    from alembic_safe.databases.postgresql.concurrency import (
        InvalidIndex,
        PendingDetach,
        drop_invalid,
        invalid_indexes,
        old_snapshots,
        pending_detaches,
    )
    from alembic_safe.databases.postgresql.dumpable import lacking_extensions
    from alembic_safe.databases.postgresql.hints import connect_hint
    from alembic_safe.databases.postgresql.identity import SERVER_IDENTITY_SQL
    from alembic_safe.databases.postgresql.recovery_points import (
        current_point,
        make_restore_point,
        wait_for_archive,
    )
    from alembic_safe.databases.postgresql.replica import check_replica
    from alembic_safe.databases.postgresql.standing import (
        Found,
        find,
        left_objects,
        missing_relations,
        run_sessions,
        stands_in,
        unvalidated,
        working_sessions,
    )
    from alembic_safe.databases.scratch import ScratchPlace, clean_leftovers, open_scratch

__all__ = [
    "LIBPQ_WHERE",
    "SERVER_IDENTITY_SQL",
    "DumpReader",
    "Found",
    "InvalidIndex",
    "PendingDetach",
    "ScratchPlace",
    "account_name",
    "check_replica",
    "clean_leftovers",
    "connect_hint",
    "copy_tables",
    "current_point",
    "drop_invalid",
    "emptiness_sql",
    "find",
    "invalid_indexes",
    "lacking_extensions",
    "left_objects",
    "libpq_keywords",
    "make_restore_point",
    "missing_relations",
    "null_share",
    "old_snapshots",
    "open_database",
    "open_scratch",
    "open_watcher",
    "origin_of",
    "pending_detaches",
    "quoted_names",
    "read_catalog",
    "read_tables",
    "reading_tool",
    "run_external",
    "run_sessions",
    "stands_in",
    "system_identifier",
    "unvalidated",
    "wait_for_archive",
    "wal_position",
    "warm_up",
    "working_sessions",
]

_HOMES = {
    "account_name": "account",
    "emptiness_sql": "_emptiness",
    "libpq_keywords": "_libpq",
    "LIBPQ_WHERE": "libpq_environment",
    "copy_tables": "_open",
    "open_database": "_open",
    "open_watcher": "_open",
    "warm_up": "_open",
    "DumpReader": "_reading",
    "reading_tool": "_reading",
    "system_identifier": "_reading",
    "wal_position": "_reading",
    "run_external": "external",
    "origin_of": "origin",
    "null_share": "postgresql.catalog",
    "quoted_names": "postgresql.catalog",
    "read_catalog": "postgresql.catalog",
    "read_tables": "postgresql.catalog",
    "InvalidIndex": "postgresql.concurrency",
    "PendingDetach": "postgresql.concurrency",
    "drop_invalid": "postgresql.concurrency",
    "invalid_indexes": "postgresql.concurrency",
    "old_snapshots": "postgresql.concurrency",
    "pending_detaches": "postgresql.concurrency",
    "lacking_extensions": "postgresql.dumpable",
    "connect_hint": "postgresql.hints",
    "SERVER_IDENTITY_SQL": "postgresql.identity",
    "current_point": "postgresql.recovery_points",
    "make_restore_point": "postgresql.recovery_points",
    "wait_for_archive": "postgresql.recovery_points",
    "check_replica": "postgresql.replica",
    "Found": "postgresql.standing",
    "find": "postgresql.standing",
    "left_objects": "postgresql.standing",
    "missing_relations": "postgresql.standing",
    "run_sessions": "postgresql.standing",
    "stands_in": "postgresql.standing",
    "unvalidated": "postgresql.standing",
    "working_sessions": "postgresql.standing",
    "ScratchPlace": "scratch",
    "clean_leftovers": "scratch",
    "open_scratch": "scratch",
}


__getattr__ = lazily(__name__, _HOMES)
