"""A type change that writes the table again."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Action, LockMode, Name
from alembic_safe.model.findings import Severity
from alembic_safe.rules.columns._shadow import shadow
from alembic_safe.rules.looking import actions, rewrites
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_TIMESTAMPS = {"timestamp without time zone", "timestamp with time zone"}


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, "alter column type"):
        found = [r for r in rewrites(place) if _is_about(r.why, action)]
        if not found or _is_session(place, table, action):
            continue
        others = tuple(
            lock.object.name
            for lock in place.old_locks(LockMode.ACCESS_EXCLUSIVE)
            if lock.object.name != table and "made again" in lock.why
        )
        also = f", and {', '.join(map(str, others))} by their foreign keys" if others else ""
        certain = all(r.certain for r in found)
        yield Hit(
            f"writes every row of {table} and all its indexes again while every read and write waits{also}"
            + ("" if certain else "; the old type is not known, so that it may be free"),
            _recipe(table, action),
            (table, f"{table}.{action.name}", *others),
            work=tuple(r.object.name for r in found),
            mode=LockMode.ACCESS_EXCLUSIVE,
            severity=None if certain or not _may_be_free(action) else Severity.WARNING,
        )


def _is_about(why: str, action: Action) -> bool:
    return why.startswith(f"{action.name} to ") or "TimeZone" in why


def _may_be_free(action: Action) -> bool:
    """Types that most changes to are free: text and its like without a limit, and unlimited numeric."""
    type_ = action.type
    return (
        type_ is not None and not type_.modifiers and type_.name in ("text", "character varying", "numeric")
    )


def _is_session(place: Place, table: Name, action: Action) -> bool:
    column = place.column(table, action.name)
    old = column.type.name if column is not None and column.type is not None else ""
    plain = action.expression is None or (action.name or "") == action.expression.text.strip('"')
    return action.type is not None and {old, action.type.name} == _TIMESTAMPS and plain


def _recipe(table: Name, action: Action) -> str:
    column, type_ = action.name or "", action.type.text if action.type else "..."
    return shadow(table, column, f"{column}_new", type_, f"{column}::{type_}")


RULE = Rule(
    id="column-type-rewrite",
    severity=Severity.ERROR,
    hazard="rewrite",
    summary="ALTER COLUMN TYPE to a type that is stored otherwise.",
    why=(
        "int to bigint, text to varchar(n), a shorter varchar, another numeric scale, json to jsonb, enum to text and "
        "any USING expression write the table and its indexes again under ACCESS EXCLUSIVE, check every foreign key "
        "of the column, and need the space twice; a narrower type fails on the first value that does not fit, or "
        "cuts it. Longer varchar, text, wider numeric of the same scale are free (docs: ALTER TABLE, Notes)."
    ),
    recipe=shadow(Name("orders"), "id", "id_new", "bigint", "id"),
    covers=("column-type-rewrite", "column-narrow-loses-data", "primary-key-type-change-with-children"),
    look=_look,
)
