"""A statement that this server version refuses."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    # a drop without CASCADE of what other rules name is refused all the same
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
    summary="The server refuses the statement, for its version or for what depends on what it drops.",
    why=(
        "A foreign key NOT VALID on a partitioned table before 18, NOT ENFORCED and NOT NULL constraints before 18, "
        "SET EXPRESSION before 17, DETACH CONCURRENTLY beside a DEFAULT partition: the upgrade fails here. Before 18 "
        "such a foreign key goes on each partition NOT VALID, is validated there, and then on the parent. DROP without "
        "CASCADE of what a view, a foreign key, a column or a constraint needs is refused on each version (2BP01)."
    ),
    recipe=(
        "op.execute('ALTER TABLE events_1 ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users NOT VALID')\n"
        "op.execute('ALTER TABLE events_1 VALIDATE CONSTRAINT fk')  # in the next revision\n"
    ),
    covers=("foreign-key-not-valid-on-partitioned", "column-type-blocked-by-dependents"),
    look=_look,
)
