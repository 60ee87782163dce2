"""How long locks are held, from what was seen of the statements of a revision."""

from __future__ import annotations

import pytest

from alembic_safe.model.facts import LockMode
from alembic_safe.rehearsal.observed import Observation, held_locks
from alembic_safe.rehearsal.watching import Known, SeenStep

# a revision is not asked for
STEP = SeenStep(0, 0, None, "upgrade", {1: Known("orders", "r", 1)})  # type: ignore[arg-type]
TAKES = {"orders": LockMode.ACCESS_EXCLUSIVE}


def seen(ordinal: int, transaction: str, began: float, took: float, *, probing: float = 5.0) -> Observation:
    new = TAKES if ordinal == 1 else {}
    return Observation(ordinal, transaction, began, began + took, probing, locks=TAKES, new_locks=new)


def test_a_lock_is_held_to_the_end_of_its_transaction_without_our_own_looking() -> None:
    both = (seen(1, "7", 0.0, 0.2), seen(2, "7", 5.2, 0.3))
    (alone,) = held_locks(STEP, both, 10.6)
    assert alone.seconds == pytest.approx(0.6), "the step ends with it, after two looks of 5 s"
    (first,) = held_locks(STEP, (*both, seen(3, "", 11.0, 1.0)), 20.0)
    assert first.seconds == pytest.approx(0.5), "it ended before we looked at its last statement"
