"""Applying revisions: the lock, the steps with their proof, interruption, and what a dead run left.

Judging whether to apply is not done here.
"""

from alembic_safe.apply.debris import clean_after, is_build
from alembic_safe.apply.interrupts import Interrupted, Interrupts
from alembic_safe.apply.locking import take_locks
from alembic_safe.apply.section import apply_section
from alembic_safe.apply.tasks import TargetTask
from alembic_safe.apply.unfinished import settle_unfinished

__all__ = [
    "Interrupted",
    "Interrupts",
    "TargetTask",
    "apply_section",
    "clean_after",
    "is_build",
    "settle_unfinished",
    "take_locks",
]
