"""ALTER TABLE ... RENAME TO and SET SCHEMA."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import Action, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import on_table
from alembic_safe.rules.place import Place, same
from alembic_safe.rules.rule import BOTH, Hit, Rule
from alembic_safe.rules.tables._rights import WRITING, given_again, lost, said
from alembic_safe.rules.tables._views import takes_writes

_INSTEAD = re.compile(r"\binstead\s+of\b", re.IGNORECASE)
_KINDS = ("alter table", "alter foreign table", "alter view", "alter materialized view")


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if reading.kind not in _KINDS or target is None or not place.old(target.name):
            continue
        for action in reading.actions:
            if action.kind in ("rename", "set schema") and not place.absent(reading, target.name):
                yield from _renamed(place, target.name, action)


def _renamed(place: Place, name: Name, action: Action) -> Iterator[Hit]:
    """No view under the old name, or one that does not give all that the relation did."""
    found = _view_follows(place, name)
    if found is None:
        why = f"every query of running code that names {name} fails at once (42P01)"
        yield Hit(why, _recipe(name, action), (name,))
        return
    view, reading = found
    rights = lost(place, view, name, WRITING)
    if rights:
        why = f"{said(rights)} has no rights on the view that takes the name {name} (42501)"
        yield Hit(why, given_again(rights, name), (name,))
    known, columns = place.table(name), view.before.view_columns(reading)
    gone = [one for one in known.columns if one not in columns] if known is not None and columns else []
    if gone:
        why = f"running code that names {', '.join(gone)} of {name} fails (42703): the view in its place has none"
        yield Hit(why, _recipe(name, action), (name,))


def _view_follows(place: Place, name: Name) -> tuple[Place, Reading] | None:
    """The view with the old name that is made in the same transaction, and takes writes where a table did."""
    together = [
        (later, reading)
        for later in place.after_in_revision()
        if later.command.transaction == place.command.transaction
        for reading in later.readings
    ]
    views = [
        (later, r)
        for later, r in together
        if r.kind == "create view" and r.target and same(r.target.name, name)
    ]
    if place.reading.kind != "alter table" or not views:
        return views[-1] if views else None
    instead = any(
        r.kind == "create trigger" and _INSTEAD.search(r.text) and same(on_table(r), name)
        for _, r in together
    )
    return views[-1] if instead or takes_writes(views[-1][1]) else None


def _recipe(table: Name, action: Action) -> str:
    new = Name(action.new_name or table.name, action.value if action.kind == "set schema" else table.schema)
    return (
        "# in one transaction: a view under the old name takes reads and writes of running code\n"
        + code.execute(f"ALTER TABLE {code.ident(table)} {_words(action)}")
        + code.execute(f"CREATE VIEW {code.ident(table)} AS SELECT * FROM {code.ident(new)}")
        + "# a later release, when nothing maps the old name\n"
        + code.CONTRACT
        + code.execute(f"DROP VIEW {code.ident(table)}")
    )


def _words(action: Action) -> str:
    if action.kind == "set schema":
        return f"SET SCHEMA {code.ident(action.value or '')}"
    return f"RENAME TO {code.ident(action.new_name or '')}"


RULE = Rule(
    id="table-renamed",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="A table or view gets another name or schema.",
    why=(
        "The rename is instant and complete: code of the previous release fails on every query, code of the next one "
        "until it is done. A simple view under the old name, made in the same transaction, takes both; "
        "one with DISTINCT, GROUP BY, LIMIT, a join, UNION or aggregates takes no writes."
    ),
    recipe=_recipe(Name("orders"), Action("rename", new_name="purchases")),
    covers=("table-renamed", "schema-moved"),
    look=_look,
    dialects=BOTH,
)
