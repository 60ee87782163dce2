"""Preflight: what would make a run fail, wait or do harm, found before anything is changed.

A check is a file in `checks`; `look` runs those that can be run with what is known, `refuse` acts on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic_safe.apply.preflight.check import Check, Found, LockedTable, Scene, query
from alembic_safe.apply.preflight.registry import all_checks, require_known
from alembic_safe.apply.preflight.tables import locked_tables
from alembic_safe.errors import BackupError, RefusedError
from alembic_safe.model.preflight import CheckedItem, Level, Obstacle, PreflightPolicy

_STRICTEST_FIRST: tuple[Level, ...] = ("refuse", "warn", "off")

__all__ = [
    "Check",
    "Found",
    "LockedTable",
    "Scene",
    "all_checks",
    "locked_tables",
    "look",
    "lowered",
    "query",
    "refuse",
    "require_known",
]


def look(scene: Scene, *, planned: bool | None = None, pending: bool = True) -> tuple[CheckedItem, ...]:
    """What each check finds; `planned` True runs only those that need the plan, False only the others.

    `pending` False: nothing will be applied, and only those run that count even then.
    """
    items = []
    for check in all_checks().values():
        if scene.database.facts.dialect not in check.dialects:
            continue
        if (planned is not None and check.planned != planned) or not (pending or check.always):
            continue
        word = scene.policy.levels.get(check.id)
        level = word or check.level
        found: tuple[Obstacle, ...] = ()
        if level != "off":
            found = tuple(
                Obstacle(check.id, word or f.level or check.level, f.message, f.cure, f.status, f.detail)
                for f in check.look(scene)
            )
        items.append(CheckedItem(check.id, level, check.summary, found))
    return tuple(items)


def lowered(policy: PreflightPolicy) -> str:
    """The checks that a person made count for less than they do by themselves ("free-disk=off, pooler=warn"), or ""."""
    checks = all_checks()
    return ", ".join(
        f"{name}={level}"
        for name, level in sorted(policy.levels.items())
        if _STRICTEST_FIRST.index(level) > _STRICTEST_FIRST.index(checks[name].level)
    )


def refuse(obstacles: Sequence[Obstacle]) -> None:
    """Raise `RefusedError` when one of them is at the level "refuse" (`BackupError` where only the backup's
    tool is missing). Nothing was changed."""
    refusing = [one for one in obstacles if one.level == "refuse"]
    if not refusing:
        return
    first, *others = refusing
    more = f" (and {len(others)} more)" if others else ""
    names = " ".join(f"--preflight {name}=warn" for name in dict.fromkeys(one.check for one in refusing))
    if all(one.status == BackupError.exit_status for one in refusing):
        raise BackupError(first.message, hint=first.cure, detail=first.detail)
    raise RefusedError(
        f"{first.message}{more}",
        hint=f"{first.cure} Where that does not matter, give `{names}`.",
        detail="\n".join(f"{one.check}: {one.message}. {one.cure}" for one in refusing) if others else None,
    )
