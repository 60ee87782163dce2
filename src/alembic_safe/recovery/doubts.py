"""Whether the version rows are to be doubted, so that the schema itself should be asked: that takes a replay. Pure."""

from __future__ import annotations

from alembic_safe.model.recovery import Diagnosis, Evidence
from alembic_safe.recovery.states import WELL

# states in which the schema is what tells
_ASK = frozenset({"never stamped", "stamp lost", "stamped but never run", "overlapping rows", "set back"})


def doubted(evidence: Evidence, diagnosis: Diagnosis) -> bool:
    """Whether something else than us wrote the rows, or what should be there by them is not.

    A run that left something half done explains by itself what the schema is like, and is asked of first.
    """
    if diagnosis.state in _ASK or (evidence.half is not None and not evidence.half.run):
        return True
    if diagnosis.state not in WELL or diagnosis.state == "running":
        return False
    if evidence.moved_from is not None or evidence.gone:
        return True
    return not evidence.pending and 0 < evidence.mapped_here < evidence.mapped
