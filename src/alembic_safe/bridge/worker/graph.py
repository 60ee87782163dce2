"""The script directory as values: revisions, the pending range, and the version rows a range leaves behind."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from alembic.runtime.migration import HeadMaintainer, MigrationContext, MigrationStep
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from alembic_safe.bridge.messages import GraphRead
from alembic_safe.errors import ProjectError
from alembic_safe.model.revisions import Direction, Revision


def read(script: ScriptDirectory) -> GraphRead:
    """Every revision of the directory. Imports all revision files; raises what they raise.

    Raises `ProjectError` for an id in two files: alembic only warns, and one of them wins by chance.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*is present more than once")
        try:
            script.revision_map.heads  # noqa: B018 - builds the map, where it is not built yet
        except UserWarning as twice:
            raise ProjectError(
                f"two files have the same revision id: {str(twice)[:1].lower()}{str(twice)[1:]}",
                hint="Give one of them another id; `alembic history --verbose` shows the files.",
            ) from None
    revisions = tuple(describe(found) for found in script.walk_revisions())
    return GraphRead(str(Path(script.dir).absolute()), tuple(sorted(script.get_heads())), revisions)


def describe(found: Script, *, hashed: bool = True) -> Revision:
    """One revision as a value; without the file's checksum where nobody asks for it (`hashed` False)."""
    path = Path(found.path).absolute()
    return Revision(
        id=found.revision,
        down=_tuple(found.down_revision),
        depends_on=_tuple(found.dependencies),
        labels=tuple(sorted(found.branch_labels or ())),
        message=(found.doc or "").splitlines()[0] if found.doc else "",
        path=str(path),
        checksum=hashlib.sha256(path.read_bytes()).hexdigest() if hashed and path.exists() else "",
        has_downgrade=hasattr(found.module, "downgrade"),
    )


def unknown(script: ScriptDirectory, heads: tuple[str, ...]) -> tuple[str, ...]:
    """Version rows that no revision file has."""
    missing = []
    for head in heads:
        try:
            # not script.get_revision: that would take a row "abc" for the revision "abcdef"
            if script.revision_map._revision_map.get(head) is None:
                missing.append(head)
        except CommandError:
            missing.append(head)
    return tuple(missing)


def steps(
    script: ScriptDirectory,
    heads: tuple[str, ...],
    destination: str,
    direction: Direction,
) -> list[Any]:
    """alembic's own steps from `heads` to `destination`, as `alembic upgrade` and `downgrade` make them.

    Raises CommandError (no such revision, several heads, not reachable, no function for the direction).
    """
    try:
        return _steps(script, heads, destination, direction)
    except AttributeError as error:
        # alembic looks the function up while it makes the step, and says only which module lacks it
        lacking = next((r for r in script.walk_revisions() if not hasattr(r.module, direction)), None)
        if lacking is None:
            raise
        raise CommandError(f"revision {lacking.revision} has no {direction}() ({lacking.path})") from error


def _steps(
    script: ScriptDirectory,
    heads: tuple[str, ...],
    destination: str,
    direction: Direction,
) -> list[Any]:
    # annotated for one head; command.upgrade itself passes the tuple
    if direction == "downgrade":
        return list(script._downgrade_revs(destination, heads))  # type: ignore[arg-type]
    return list(script._upgrade_revs(destination, heads))  # type: ignore[arg-type]


def named_steps(script: ScriptDirectory, names: tuple[str, ...], direction: Direction) -> list[Any]:
    """alembic's steps of these revisions, in this order.

    Raises CommandError (no such revision, no function for the direction).
    """
    make = (
        MigrationStep.downgrade_from_script if direction == "downgrade" else MigrationStep.upgrade_from_script
    )
    found = [script.get_revision(name) for name in names]
    for one in found:
        if not hasattr(one.module, direction):
            raise CommandError(f"revision {one.revision} has no {direction}() ({one.path})")
    return [make(script.revision_map, one) for one in found]


def heads_after(context: MigrationContext, heads: tuple[str, ...], todo: list[Any]) -> tuple[str, ...]:
    """The version rows after all of `todo`."""
    along = heads_along(context, heads, todo)
    return along[-1] if along else tuple(sorted(heads))


def heads_along(
    context: MigrationContext, heads: tuple[str, ...], todo: list[Any]
) -> tuple[tuple[str, ...], ...]:
    """The version rows after each of `todo`, by alembic's own book-keeping run against nothing."""
    shim = SimpleNamespace(
        impl=SimpleNamespace(_exec=lambda *_: None),
        _version=context._version,
        as_sql=True,
        dialect=context.dialect,
    )
    # the shim has just what HeadMaintainer touches
    maintainer = HeadMaintainer(shim, heads)  # type: ignore[arg-type]
    along = []
    for step in todo:
        maintainer.update_to_step(step)
        along.append(tuple(sorted(maintainer.heads)))
    return tuple(along)


def _tuple(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
