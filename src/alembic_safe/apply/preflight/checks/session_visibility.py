"""session-visibility: a role that cannot see what other sessions do, so that blockers have no name."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene

_SEES = (
    "SELECT current_user::text, pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
    " OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"
)


def _look(scene: Scene) -> Iterator[Found]:
    if not scene.doctor:
        return  # said by `doctor`, not before every run
    user, sees = scene.database.fetch(_SEES)[0]
    if not sees:
        yield Found(
            f"role {user} cannot see the sessions of others: their age and their queries stay unknown",
            f'Run `GRANT pg_read_all_stats TO "{user}"`.',
        )


CHECK = Check("session-visibility", "warn", "whether blockers can be seen and named", _look)
