"""An enum's new value is used before it is committed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    if place.command.transaction is None or place.reading.kind == "alter type":
        return
    for type_, value in _added(place):
        if _uses(place.reading.text, value):
            yield Hit(
                f"fails (55P04): the value {value!r} of {type_} is not committed yet",
                "# in a revision before this one\n"
                + code.execute(f"ALTER TYPE {code.ident(type_)} ADD VALUE {_quoted(value)}"),
                (type_,),
                fails=True,
            )


def _added(place: Place) -> Iterator[tuple[Name, str]]:
    """Values that this transaction added to types that it did not make."""
    for earlier in place.whole.before_in_transaction(place, "alter type"):
        for reading in earlier.readings:
            target = reading.target
            if reading.kind != "alter type" or target is None:
                continue
            if _made_in_it(earlier, target.name):
                continue
            for action in reading.actions:
                if action.kind == "add value" and action.name is not None:
                    yield target.name, action.name


def _made_in_it(place: Place, type_: Name) -> bool:
    maker = place.whole.maker(place, "type", type_)
    return maker is not None and _transaction(maker) == _transaction(place)


def _transaction(place: Place) -> tuple[str, int | None]:
    return place.revision.revision.id, place.command.transaction


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _uses(text: str, value: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(_quoted(value))}", text) is not None


RULE = Rule(
    id="enum-value-used-in-same-transaction",
    severity=Severity.ERROR,
    hazard="transaction",
    summary="ALTER TYPE ... ADD VALUE and a statement that uses the value, in one transaction.",
    why=(
        "A value that was added to an enum may be used once it is committed; before, the server answers 'unsafe use of "
        "new value'. A type made in the same transaction is exempt (docs: ALTER TYPE)."
    ),
    recipe=(
        "# revision 1\nop.execute(\"ALTER TYPE state ADD VALUE 'paused'\")\n"
        "# revision 2\nop.execute(\"UPDATE orders SET state = 'paused' WHERE id = 7\")\n"
    ),
    covers=("enum-value-used-in-same-transaction",),
    look=_look,
)
