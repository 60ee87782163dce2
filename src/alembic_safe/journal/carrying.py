"""Carry a target's journal over into the database that takes its place: it goes on, whatever the backup held."""

from __future__ import annotations

import re
from pathlib import Path

from alembic_safe.databases import copy_tables
from alembic_safe.journal._open import open_journal
from alembic_safe.model.policies import JournalPolicy
from alembic_safe.model.protocols import Database

_TABLE = re.compile(r"^CREATE TABLE journal\.(\w+)", re.MULTILINE)


def carry_over(old: Database, new: Database, policy: JournalPolicy) -> None:
    """Give `new` the journal of `old`, row by row; both are PostgreSQL, and both journals of our format after it.

    Nothing is done where the journal is in a file. The old database's journal is the newer: it was written on
    after the backup was made. Raises as `open_journal` does.
    """
    if policy.file is not None:
        return
    for database in (old, new):
        open_journal(database, policy, create=True)
    text = (Path(__file__).parent / "queries" / "create.postgresql.sql").read_text(encoding="utf-8")
    # in the order of their creation, which is that of their references; the format's own row is there
    copy_tables(old, new, policy.schema, [name for name in _TABLE.findall(text) if name != "meta"])
