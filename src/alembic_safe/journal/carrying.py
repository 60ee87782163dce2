"""Carry a target's journal over into the database that takes its place: it goes on, whatever the backup held."""

from __future__ import annotations

import re
from pathlib import Path

from alembic_safe.databases import copy_tables
from alembic_safe.journal._open import open_journal
from alembic_safe.journal._place import JOURNAL_FORMAT
from alembic_safe.model.policies import JournalPolicy
from alembic_safe.model.protocols import Database

_QUERIES = Path(__file__).parent / "queries"
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
    copy_tables(old, new, policy.schema, carried())


def carried() -> tuple[str, ...]:
    """The journal's tables in the order of their creation, which is that of their references.

    Without `meta`: the format's own row is there already.
    """
    makers = ["create", *(f"format_{number}" for number in range(2, JOURNAL_FORMAT + 1))]
    texts = ((_QUERIES / f"{maker}.postgresql.sql").read_text(encoding="utf-8") for maker in makers)
    return tuple(name for text in texts for name in _TABLE.findall(text) if name != "meta")
