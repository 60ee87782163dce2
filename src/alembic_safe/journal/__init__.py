"""The journal: what was run on a target, step by step and statement by statement, with its times.

It stands in the target itself (PostgreSQL, a schema of its own) or in an SQLite file, and is written on our
own connection, so that it survives the rollback and the death of what it describes.
"""

from alembic_safe.journal._file import open_file
from alembic_safe.journal._open import journal_file, open_journal, require_possible
from alembic_safe.journal._place import JOURNAL_FORMAT
from alembic_safe.journal.carrying import carry_over
from alembic_safe.journal.journal import Journal
from alembic_safe.journal.reader import JournalReader, transaction_outcome
from alembic_safe.journal.spared import SparedJournal

__all__ = [
    "JOURNAL_FORMAT",
    "Journal",
    "JournalReader",
    "SparedJournal",
    "carry_over",
    "journal_file",
    "open_file",
    "open_journal",
    "require_possible",
    "transaction_outcome",
]
