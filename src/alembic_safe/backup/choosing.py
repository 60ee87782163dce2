"""Which scope a backup has: by what is asked, what the plan can lose, and how large the database is. Pure."""

from __future__ import annotations

from dataclasses import field

from alembic_safe.model.backups import BackupScope, ScopeChoice, WayBack
from alembic_safe.model.scopes import Reach
from alembic_safe.model.targets import Dialect
from alembic_safe.quick import dataclass

_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Choice:
    """A scope, in words why, and what it is good for. `reach`: the tables whose rows it holds, if `touched`.

    `warnings` say what the backup would not bring back.
    """

    scope: BackupScope
    why: str
    way_back: WayBack = "restore"
    reach: Reach = field(default_factory=Reach)
    warnings: tuple[str, ...] = ()


FULL = Choice("full", "as asked")


def choose(
    asked: ScopeChoice,
    *,
    dialect: Dialect,
    reach: Reach | None = None,
    size: int | None = None,
    full_below: int = 0,
) -> Choice:
    """The scope to use. `reach` None: what is pending was not looked at; `size` and `full_below` are bytes.

    Only what is whole may ever replace the database; `auto` is never less than `touched` where a row can change or
    go, and whole wherever that cannot be told.
    """
    if dialect == "sqlite":
        return Choice("full", "SQLite is always copied whole")
    if asked in ("touched", "schema"):
        return _asked(asked, reach)
    if asked == "full":
        return FULL
    return _automatic(reach, size, full_below)


def needs_reach(asked: ScopeChoice, *, dialect: Dialect, size: int | None, full_below: int) -> bool:
    """Whether the choice depends on what is pending, so that reading it pays."""
    if dialect == "sqlite" or asked in ("full", "none"):
        return False
    return asked != "auto" or (size is not None and size > full_below)


def _asked(asked: ScopeChoice, reach: Reach | None) -> Choice:
    if reach is None:
        if asked == "schema":
            return Choice("schema", "as asked", "none")
        return Choice("touched", "as asked", "downgrade, not rehearsed")
    if asked == "schema":
        if reach.nothing:
            return Choice("schema", "as asked", "downgrade, not rehearsed")
        lost = ", ".join(str(one.table) for one in reach.tables[:5]) or "what cannot be told"
        more = f" and {len(reach.tables) - 5} more" if len(reach.tables) > 5 else ""
        warning = f"no row is backed up, and what is pending may change or lose rows of {lost}{more}"
        return Choice("schema", "as asked", "none", warnings=(warning,))
    doubts = tuple(f"the backup may lack rows that are changed: {doubt}" for doubt in reach.doubts)
    way_back: WayBack = "downgrade, not rehearsed" if reach.nothing else "copy back"
    return Choice("touched", f"as asked: {_tables(reach)}", way_back, reach, doubts)


def _automatic(reach: Reach | None, size: int | None, full_below: int) -> Choice:
    if size is None:
        return Choice("full", "how large the database is cannot be told")
    if size <= full_below:
        return Choice(
            "full", f"the database has {_size(size)}, up to {_size(full_below)} are backed up whole"
        )
    if reach is None:
        return Choice("full", "no change is pending that would say what is enough")
    if reach.nothing:
        why = f"the database has {_size(size)}, and what is pending changes and loses no row that is there"
        return Choice("schema", why, "downgrade, not rehearsed")
    if reach.doubts:
        more = f" (and {len(reach.doubts) - 1} more doubts)" if len(reach.doubts) > 1 else ""
        return Choice("full", f"which rows may change cannot be told: {reach.doubts[0]}{more}")
    if reach.bytes * 2 >= size:
        return Choice("full", f"{_tables(reach)}, most of the database's {_size(size)}")
    return Choice("touched", f"{_tables(reach)}, of the database's {_size(size)}", "copy back", reach)


def _tables(reach: Reach) -> str:
    if not reach.tables:
        return "no table's rows may change or go"
    few = ", ".join(str(one.table) for one in reach.tables[:3])
    more = f" and {len(reach.tables) - 3} more" if len(reach.tables) > 3 else ""
    return f"rows may change or go in {few}{more} ({_size(reach.bytes)})"


def _size(count: int) -> str:
    value = float(count)
    for unit in _UNITS:
        if value < 999.95 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
