"""A view made again without columns that its readers name."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import dropped
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Gone, Hit, Rule


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if reading.kind != "create view" or target is None or not place.old(target.name):
            continue
        old, new = _columns(place, target.name), place.before.view_columns(reading)
        if old and new and new[: len(old)] != old and "or replace" in reading.flags:
            yield Hit(
                f"fails (42P16): the columns of {target.name} are {', '.join(old)}, and a replacement can only add "
                "more behind them",
                "# in one transaction\n"
                + code.execute(f"DROP VIEW {code.ident(target.name)}")
                + code.execute("CREATE VIEW ..."),
                (target.name,),
                fails=True,
            )
    for _, name in dropped(place, "view", "materialized view"):
        yield from _loses(place, name)


def _loses(place: Place, name: Name) -> Iterator[Hit]:
    """Dropped and made again without some columns."""
    old = _columns(place, name)
    made = next(_made_again(place, name), None)
    new = place.before.view_columns(made) if made is not None else None
    gone = [column for column in old if column not in (new or old)]
    if gone and place.old(name):
        yield Hit(
            f"running code that reads {', '.join(gone)} of {name} fails from the commit on (42703)",
            f"# keep {', '.join(gone)} until nothing reads it; then\n{code.CONTRACT}",
            (name,),
            mode=LockMode.ACCESS_EXCLUSIVE,
            goes=tuple(Gone(name, column) for column in gone),
        )


def _columns(place: Place, name: Name) -> tuple[str, ...]:
    known = place.table(name)
    return tuple(known.columns) if known is not None and known.kind != "table" else ()


def _made_again(place: Place, name: Name) -> Iterator[Reading]:
    for later in (place, *place.after_in_revision()):
        for reading in later.readings:
            target = reading.target
            made = reading.kind in ("create view", "create materialized view")
            if made and target is not None and plain(target.name) == plain(name):
                yield reading


RULE = Rule(
    id="view-replaced",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="A view is made again without some of its columns, or in another order.",
    why=(
        "CREATE OR REPLACE VIEW may add columns at the end and nothing else, else the server refuses it (42P16). "
        "Dropped and made again, it may; running code that reads a column that went then fails: a contract step."
    ),
    recipe="op.execute('CREATE OR REPLACE VIEW open_orders AS SELECT id, state, net FROM orders WHERE NOT paid')\n",
    covers=("view-dropped-or-replaced",),
    look=_look,
    contract=True,
)
