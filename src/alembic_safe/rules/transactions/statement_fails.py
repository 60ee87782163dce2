"""A statement that this server version refuses."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    if place.facts.fails and place.reading.kind != "create index":
        yield Hit(
            f"fails on PostgreSQL {place.version}: {place.facts.fails}",
            "",
            tuple(o.name for o in place.reading.objects),
            fails=True,
        )


RULE = Rule(
    id="statement-fails",
    severity=Severity.ERROR,
    hazard="transaction",
    summary="The server's version refuses the statement.",
    why=(
        "A foreign key NOT VALID on a partitioned table before 18, NOT ENFORCED and NOT NULL constraints before 18, "
        "SET EXPRESSION before 17, DETACH CONCURRENTLY beside a DEFAULT partition: the upgrade fails here. Before 18 "
        "such a foreign key goes on each partition NOT VALID, is validated there, and then on the parent."
    ),
    recipe=(
        "op.execute('ALTER TABLE events_1 ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users NOT VALID')\n"
        "op.execute('ALTER TABLE events_1 VALIDATE CONSTRAINT fk')  # in the next revision\n"
    ),
    covers=("foreign-key-not-valid-on-partitioned",),
    look=_look,
)
