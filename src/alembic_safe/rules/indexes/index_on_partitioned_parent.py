"""CREATE INDEX on a partitioned table builds on every partition at once."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import index_key, on_table
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        table = on_table(reading)
        known = place.table(table) if table is not None else None
        if reading.kind != "create index" or table is None or known is None or not known.partitioned:
            continue
        partitions = tuple(t.name for t in place.before.descendants(table) if not t.partitioned)
        if "only" in reading.flags or not place.old(table):
            continue
        if "concurrently" in reading.flags:
            message = f"fails: {table} is partitioned, and CONCURRENTLY is refused there"
        elif not any(place.old(p) for p in partitions) and known.complete:
            continue
        else:
            message = f"writes to {table} and to all its partitions wait until the last one's index is built"
        yield Hit(
            message,
            _recipe(reading, table, partitions),
            (table, *partitions),
            work=partitions,
            mode=LockMode.SHARE,
            fails="concurrently" in reading.flags,
        )


def _recipe(reading: Reading, table: Name, partitions: tuple[Name, ...]) -> str:
    target = reading.target
    index = target.name.name if target else f"ix_{table.name}"
    unique = "UNIQUE " if "unique" in reading.flags else ""
    columns = ", ".join(index_key(reading))
    lines = code.execute(f"CREATE {unique}INDEX {index} ON ONLY {code.ident(table)} ({columns})")
    for part in partitions or (Name(f"{table.name}_p1"),):
        lines += code.alone(
            code.execute(
                f"CREATE {unique}INDEX CONCURRENTLY {index}_{part.name} ON {code.ident(part)} ({columns})"
            )
        )
        lines += code.execute(f"ALTER INDEX {index} ATTACH PARTITION {index}_{part.name}")
    return lines


RULE = Rule(
    id="index-on-partitioned-parent",
    severity=Severity.ERROR,
    hazard="lock",
    summary="CREATE INDEX on a partitioned table, with or without CONCURRENTLY.",
    why=(
        "SHARE is taken on the parent and on all partitions and kept until the last one is built. CONCURRENTLY is "
        "refused on a partitioned table in every version (docs: CREATE INDEX)."
    ),
    recipe=(
        "op.execute('CREATE INDEX ix_events_at ON ONLY events (at)')\n"
        + code.alone("op.execute('CREATE INDEX CONCURRENTLY ix_events_at_p1 ON events_p1 (at)')\n")
        + "op.execute('ALTER INDEX ix_events_at ATTACH PARTITION ix_events_at_p1')\n"
    ),
    covers=("index-on-partitioned-parent",),
    look=_look,
)
