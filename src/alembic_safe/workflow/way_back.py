"""How a change would be undone: of which kind, in words that can be typed."""

from __future__ import annotations

from alembic_safe.model.backups import Manifest, WayBack

_SHOWN = 5
_NOT_TRIED: WayBack = "downgrade, not rehearsed"


def way_back_kind(manifest: Manifest | None, *, tried: bool = False) -> WayBack:
    """The kind of way back that a backup gives; without one there is none. `tried`: the downgrade was, on a clone."""
    if manifest is None:
        return "none"
    return "rehearsed downgrade" if tried and manifest.way_back == _NOT_TRIED else manifest.way_back


def way_back(manifest: Manifest | None, skip_reason: str | None, *, tried: bool = False) -> str:
    """How the change would be undone: the commands. `tried`: the downgrade was, on a clone."""
    if manifest is None:
        return f"none: no backup was made ({skip_reason})" if skip_reason else "delete the database file"
    if manifest.engine == "external":
        return _external(manifest)
    restore = f"`alembic-safe backup restore {manifest.id}`"
    if manifest.engine == "sqlite":
        return f"restore: stop the application, then {restore}"
    beside = f"`alembic-safe backup restore {manifest.id} --beside NAME`"
    if manifest.way_back == "restore":
        return f"restore: {restore}"
    if manifest.way_back == "copy back":
        names = [table.name for table in manifest.tables]
        shown = ", ".join(names[:_SHOWN]) + (
            f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        )
        return (
            f"copy back: backup {manifest.id} holds the rows of {shown}: {beside}, and copy them from there"
        )
    if manifest.way_back == "none":
        return f"none for rows that are changed or lost; backup {manifest.id} holds the schema: {beside}"
    heads = ", ".join(row for rows in manifest.heads.values() for row in rows or ()) or "base"
    kind = way_back_kind(manifest, tried=tried)
    return f"{kind}: back to {heads}; backup {manifest.id} holds the schema as it was: {beside}"


def _external(manifest: Manifest) -> str:
    what = manifest.external.get("id", manifest.id)
    where = f" in {manifest.external['location']}" if manifest.external.get("location") else ""
    point = manifest.restore_point
    if point is None:
        return f"restore: {what}{where}, by the tool that made it"
    target = (
        f"recovery_target_name = '{point.name}'" if point.name else f"recovery_target_lsn = '{point.lsn}'"
    )
    return (
        f"restore: {what}{where}, by the tool that made it, up to {target}, recovery_target_timeline ="
        f" '{point.timeline}'" + ("" if point.archived else " (whether the log is kept is not known)")
    )
