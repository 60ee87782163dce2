"""Names that the server cuts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_LIMIT = 63
_LITERAL = re.compile(r"'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')


def _look(place: Place) -> Iterator[Hit]:
    if len(place.reading.text) <= _LIMIT:
        return
    text = _LITERAL.sub(" ", place.reading.text)
    for quoted, word in _WORD.findall(text):
        name = (quoted or word).replace('""', '"')
        if len(name.encode()) > _LIMIT:
            short = name.encode()[:_LIMIT].decode(errors="ignore")
            yield Hit(
                f"{name} is cut to {short}: a downgrade, a model or a second such name meets another object",
                f"# a name of your own, e.g. {short[:40]!r}\n",
                (name,),
            )


RULE = Rule(
    id="name-over-63-bytes",
    severity=Severity.WARNING,
    hazard="hygiene",
    summary="A name longer than 63 bytes.",
    why="The server cuts it with a NOTICE. Two long names that begin alike are the same one, or the second is refused.",
    recipe="op.create_index('ix_orders_state_at', 'orders', ['state', 'at'])\n",
    covers=("identifier-over-63-bytes",),
    look=_look,
)
