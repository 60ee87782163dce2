"""BEGIN, COMMIT and ROLLBACK of the revision's own."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import BOTH, Hit, Rule

_ENDS = {"commit", "rollback", "prepare transaction"}


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        if reading.kind in _ENDS or reading.kind in ("begin", "start transaction"):
            what = "ends" if reading.kind in _ENDS else "would begin again"
            yield Hit(
                f"{what} alembic's transaction: what follows and the version row are apart from what was before",
                code.alone("...  # what has to commit by itself\n"),
            )


RULE = Rule(
    id="own-transaction-control",
    severity=Severity.ERROR,
    hazard="transaction",
    summary="BEGIN, COMMIT or ROLLBACK in a revision.",
    why=(
        "The revision's work and its row in alembic_version commit together. After a COMMIT of its own a failure "
        "leaves half of it, not recorded; after a ROLLBACK it is recorded as done and is not."
    ),
    recipe=code.alone("op.execute('...')\n"),
    covers=("own-transaction-control",),
    look=_look,
    dialects=BOTH,
)
