"""prepared-transaction: one that was left by a two-phase commit holds its locks until somebody ends it."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.blocking import blockers
from alembic_safe.apply.preflight.check import Check, Found, Scene, duration, query


def _look(scene: Scene) -> Iterator[Found]:
    met: set[str | None] = set()
    for one in blockers(scene):
        if one.kind == "prepared transaction" and one.name not in met:
            met.add(one.name)
            yield Found(
                f"prepared transaction '{one.name}' of {one.user} holds {one.mode.title} on {one.table.name},"
                f" since {duration(one.age or 0)}",
                _cure(one.name),
            )
    for name, owner, age in scene.database.fetch(query("prepared_transactions")):
        if name not in met and age >= scene.policy.old_transaction:
            yield Found(
                f"prepared transaction '{name}' of {owner} is {duration(age)} old: VACUUM and everything"
                " CONCURRENTLY wait for it",
                _cure(name),
                "warn",
            )


def _cure(name: str | None) -> str:
    quoted = (name or "").replace("'", "''")
    return f"Ask its owner, then `COMMIT PREPARED '{quoted}'` or `ROLLBACK PREPARED '{quoted}'`."


CHECK = Check(
    "prepared-transaction",
    "refuse",
    "prepared transactions that hold locks which the plan needs",
    _look,
    planned=True,
)
