"""ALTER TABLE ... RENAME TO and SET SCHEMA."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Action, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place, same
from alembic_safe.rules.rule import BOTH, Hit, Rule

_KINDS = ("alter table", "alter foreign table", "alter view", "alter materialized view")


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        target = reading.target
        if reading.kind not in _KINDS or target is None or not place.old(target.name):
            continue
        for action in reading.actions:
            if action.kind in ("rename", "set schema") and not _view_follows(place, target.name):
                yield Hit(
                    f"every query of running code that names {target.name} fails at once (42P01)",
                    _recipe(target.name, action),
                    (target.name,),
                )


def _view_follows(place: Place, name: Name) -> bool:
    """Whether a view with the old name is made in the same transaction."""
    return any(
        reading.kind == "create view" and reading.target is not None and same(reading.target.name, name)
        for later in place.after_in_revision()
        if later.command.transaction == place.command.transaction
        for reading in later.readings
    )


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
        "until it is done. A simple view under the old name, made in the same transaction, takes both."
    ),
    recipe=_recipe(Name("orders"), Action("rename", new_name="purchases")),
    covers=("table-renamed", "schema-moved"),
    look=_look,
    dialects=BOTH,
)
