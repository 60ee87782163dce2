"""A view made again without columns that its readers name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import dropped
from alembic_safe.rules.place import Place, plain
from alembic_safe.rules.rule import Gone, Hit, Rule
from alembic_safe.rules.tables._view_rows import fewer_rows, other_values, stricter_options

# a number is hardly ever negative: worth a look, and no more
_ONLY_SANE = re.compile(r"must now fulfil [\w.]+ > ?= 0$")
_PLAIN = re.compile(r'[\w."]+')


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
        else:
            yield from _other(place, target.name, reading)
    for _, name in dropped(place, "view", "materialized view"):
        yield from _loses(place, name)
        made = next(_made_again(place, name), None)
        if made is not None and place.old(name):
            yield from _other(place, name, made)
    for reading in place.readings:
        if reading.kind == "alter view" and reading.target is not None and place.old(reading.target.name):
            for why in stricter_options(_shape(place, reading.target.name), tuple(_set(reading))):
                yield _stricter(reading.target.name, why)


def _other(place: Place, name: Name, made: Reading) -> Iterator[Hit]:
    """Other rows, other values or other options under the old name."""
    old = _shape(place, name)
    new = tuple((a.name or "", a.value or "") for a in made.actions if a.kind == "shape")
    fewer = fewer_rows(old, new, lambda condition: _holds(place, made, condition))
    if fewer:
        yield Hit(
            f"running code that reads {name} no longer gets all rows that it got: {fewer}",
            "# a view of another name for the code that wants fewer rows\n" + code.execute("CREATE VIEW ..."),
            (name,),
            goes=(Gone(name),),
            severity=Severity.WARNING if _ONLY_SANE.search(fewer) else None,
        )
    for column, was, now in other_values(old, new):
        yield _changed(place, name, column, was, now)
    for why in stricter_options(old, new) if old else ():
        yield _stricter(name, why)


def _holds(place: Place, made: Reading, condition: str) -> bool:
    """Whether every row fulfils it: a column of this plan that is NULL still, one that is NOT NULL, a valid CHECK."""
    tables = [o.name for o in made.objects if o.role == "read"]
    bare = condition.replace(" ", "").rpartition(".")[2].lower()
    found = re.fullmatch(r'(?:[\w"]+\.)?(\w+) is (not )?null', condition)
    for table in tables:
        if found is not None:
            column = place.column(table, found[1])
            if found[2] is None and place.made("column", table, found[1]):
                return column is None or column.default is None
            if found[2] is not None and column is not None and column.not_null and column.not_null_valid:
                return True
        known = place.table(table)
        for one in known.constraints.values() if known is not None else ():
            text = one.expression.replace(" ", "").strip("()").lower()
            if one.kind == "check" and one.valid and one.enforced and text == bare:
                return True
    return False


def _changed(place: Place, name: Name, column: str, was: str, now: str) -> Hit:
    """A column that holds another one of the table's is none of a new name; a cast of it has another type."""
    swapped = bool(_PLAIN.fullmatch(was) and _PLAIN.fullmatch(now))
    of_plan = any(
        place.made("column", read.name, now) for read in place.reading.objects if read.role == "read"
    )
    cast = re.fullmatch(rf"{re.escape(was)} ?: ?: ?.+", now) is not None
    return Hit(
        f"{column} of {name} was {was} and is {now}: running code that reads it gets something else",
        "# a column of another name behind the others\n" + code.execute("CREATE OR REPLACE VIEW ..."),
        (name,),
        severity=None if (swapped and not of_plan) or cast else Severity.WARNING,
        fails=cast and "or replace" in place.reading.flags,
    )


def _stricter(name: Name, why: str) -> Hit:
    return Hit(
        why,
        "# first give the roles that use it the rights on the tables it reads; or a view of another name\n"
        + code.execute("GRANT SELECT ON ... TO ..."),
        (name,),
        fails=True,
    )


def _shape(place: Place, name: Name) -> tuple[tuple[str, str], ...]:
    known = place.table(name)
    return known.shape if known is not None else ()


def _set(reading: Reading) -> Iterator[tuple[str, str]]:
    """The options that ALTER VIEW ... SET (...) gives."""
    for action in reading.actions:
        for part in (action.value or "").split(",") if action.kind == "set parameters" else ():
            option, _, value = part.partition("=")
            yield f"option {option.strip().lower()}", value.strip().strip("'").lower() or "true"


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
    summary="A view is made again without some of its columns, in another order, with fewer rows or stricter options.",
    why=(
        "CREATE OR REPLACE VIEW may add columns at the end and nothing else, else the server refuses it (42P16). "
        "Dropped and made again, it may; running code that reads a column that went then fails: a contract step. "
        "A condition, DISTINCT, LIMIT or inner join that is new takes rows from who reads it; security_invoker asks "
        "its readers for rights on the tables behind it; CHECK OPTION refuses writes."
    ),
    recipe="op.execute('CREATE OR REPLACE VIEW open_orders AS SELECT id, state, net FROM orders WHERE NOT paid')\n",
    covers=("view-dropped-or-replaced",),
    look=_look,
    contract=True,
)
