"""replica-lag: a standby that is behind already, before the plan writes more."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene, duration, query, size

_USUAL = 60.0


def _look(scene: Scene) -> Iterator[Found]:
    if scene.database.facts.in_recovery:
        return
    if scene.policy.replica_lag is not None:
        yield from _hidden(scene)
    bound = scene.policy.replica_lag if scene.policy.replica_lag is not None else _USUAL
    for name, seconds, behind, *_ in scene.database.fetch(query("standbys")):
        if behind and seconds is not None and seconds > bound:
            yield Found(
                f"standby {name} is {duration(seconds)} ({size(behind)}) behind",
                "Let it catch up; `--replica-lag 30s` waits for standbys before each revision.",
            )


def _hidden(scene: Scene) -> Iterator[Found]:
    """A standby that cannot be seen cannot be waited for, and a person has asked for that."""
    hidden = scene.database.fetch(query("hidden_standbys"))
    if hidden:
        role = hidden[0][1]
        yield Found(
            f"role {role} cannot see how far behind {', '.join(str(name) for name, _ in hidden)} is,"
            " and `replica-lag` is to be waited for",
            f"Run `GRANT pg_read_all_stats TO {role}`.",
            "refuse",
        )


CHECK = Check("replica-lag", "warn", "standbys that are behind (`replica-lag`)", _look)
