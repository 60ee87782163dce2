"""dump-tool: no tool on this machine that can dump the database, found before the lock is waited for."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene
from alembic_safe.errors import BackupError


def _look(scene: Scene) -> Iterator[Found]:
    if scene.backup.skip_reason is not None:
        return
    try:
        scene.database.dump_tool(scene.backup.bindir)
    except BackupError as error:
        yield Found(error.message, error.hint, status=error.exit_status, detail=error.detail)


CHECK = Check("dump-tool", "refuse", "a missing pg_dump of the server's major version", _look)
