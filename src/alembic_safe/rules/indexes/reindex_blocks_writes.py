"""REINDEX that lets reads and writes wait."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        if reading.kind != "reindex" or "concurrently" in reading.flags:
            continue
        named = [o for o in reading.objects if o.kind in ("table", "index")]
        tables = [n.name for n in named if n.kind == "table"]
        tables += [
            i.table for n in named if n.kind == "index" and (i := place.before.index(n.name)) is not None
        ]
        if tables and not any(place.old(t) for t in tables):
            continue
        what = ", ".join(str(n.name) for n in named) or "every table"
        yield Hit(
            f"builds {what} again while every write waits, and reads too, since planning a query opens the index",
            _recipe(reading.text),
            tuple(n.name for n in named),
            work=tuple(tables),
            mode=LockMode.ACCESS_EXCLUSIVE,
        )


def _recipe(text: str) -> str:
    words = text.split(None, 2)
    return code.alone(code.execute(" ".join([*words[:2], "CONCURRENTLY", *words[2:]])))


RULE = Rule(
    id="reindex-blocks-writes",
    severity=Severity.ERROR,
    hazard="lock",
    summary="REINDEX without CONCURRENTLY.",
    why="It takes SHARE on the table and ACCESS EXCLUSIVE on each index it builds again (docs: REINDEX).",
    recipe=code.alone("op.execute('REINDEX INDEX CONCURRENTLY ix_orders_state')\n"),
    covers=("reindex-blocks-writes",),
    look=_look,
)
