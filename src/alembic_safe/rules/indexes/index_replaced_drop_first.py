"""An index is dropped before the one that replaces it is there."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.indexes._replacing import made_later, names_of, twin
from alembic_safe.rules.looking import dropped
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for _, name in dropped(place, "index"):
        index = place.before.index(name)
        if index is None or not place.old(index.table) or twin(place, index):
            continue
        later = made_later(place, index)
        if later is not None:
            yield Hit(
                f"from here until {later.revision.revision.id} has built the new index, queries on "
                f"{index.table} ({', '.join(index.columns)}) run without any",
                "# first, in a revision before this one\n"
                + code.alone(code.execute(later.reading.text))
                + "# then, once it is valid\n"
                + code.alone(f"op.drop_index({name.name!r}, postgresql_concurrently=True)\n"),
                names_of(index),
            )


RULE = Rule(
    id="index-replaced-drop-first",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="An index is dropped first and its replacement built after.",
    why="Between the two, queries scan the whole table. On a large one that is an outage that no lock shows.",
    recipe=(
        "# revision 1\n"
        + code.alone("op.create_index('ix_new', 'orders', ['state', 'at'], postgresql_concurrently=True)\n")
        + "# revision 2\n"
        + code.alone("op.drop_index('ix_old', 'orders', postgresql_concurrently=True)\n")
    ),
    covers=("index-replaced-drop-first",),
    look=_look,
)
