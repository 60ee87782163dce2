"""CREATE INDEX CONCURRENTLY IF NOT EXISTS keeps what a failed build left."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import on_table
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if (
            reading.kind != "create index"
            or target is None
            or not {"concurrently", "if not exists"} <= reading.flags
        ):
            continue
        live = place.whole.live
        invalid = live is not None and plain(target.name) in {plain(n) for n in live.invalid_indexes}
        if live is not None and not invalid:
            continue
        table = on_table(reading)
        message = (
            "is there and invalid, and would stay so"
            if invalid
            else "would stay invalid if a build failed before"
        )
        yield Hit(
            f"{target.name} {message}: IF NOT EXISTS only looks at the name",
            code.alone(
                code.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {code.ident(target.name)}")
                + code.execute(reading.text.replace("IF NOT EXISTS ", "").replace("if not exists ", ""))
            ),
            (target.name, *((table,) if table else ())),
            severity=Severity.ERROR if invalid else None,
        )


RULE = Rule(
    id="if-not-exists-hides-invalid-index",
    severity=Severity.WARNING,
    hazard="transaction",
    summary="CREATE INDEX CONCURRENTLY IF NOT EXISTS, run again after a failed build.",
    why=(
        "A concurrent build that fails leaves an invalid index behind. IF NOT EXISTS sees the name, says "
        "'already exists, skipping', and the revision is recorded as done: no query uses the index, every write "
        "pays for it. With a database to ask it is an error where such an index is there, and nothing else."
    ),
    recipe=code.alone(
        "op.execute('DROP INDEX CONCURRENTLY IF EXISTS ix_orders_state')\n"
        "op.create_index('ix_orders_state', 'orders', ['state'], postgresql_concurrently=True)\n"
    ),
    covers=("if-not-exists-hides-invalid-index", "concurrent-index-left-invalid"),
    look=_look,
)
