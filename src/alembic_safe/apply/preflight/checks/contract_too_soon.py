"""contract-too-soon: the expand step of a table is younger than `contract-after`, so old code may still run."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene, duration


def _look(scene: Scene) -> Iterator[Found]:
    least, work = scene.policy.contract_after, scene.work
    if least is None or work is None:
        return
    for contract in work.contracts:
        young = [e for e in (*work.expands, *scene.recent) if e.age < least and e.shares(contract)]
        if young:
            expand = min(young, key=lambda one: one.age)
            when = (
                f"was applied {duration(expand.age)} ago" if expand in scene.recent else "is in the same run"
            )
            yield Found(
                f"revision {contract.revision} contracts what {expand.revision} expanded, which {when};"
                f" contract-after asks for {duration(least)}",
                "Run `alembic-safe upgrade --phase expand` now, and the rest when the new code has run that long.",
            )
            return


CHECK = Check(
    "contract-too-soon",
    "refuse",
    "contract steps whose expand step is younger than `contract-after`",
    _look,
    ("postgresql", "sqlite"),
    planned=True,
)
