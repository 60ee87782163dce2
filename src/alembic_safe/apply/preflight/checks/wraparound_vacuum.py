"""wraparound-vacuum: a VACUUM against transaction id wraparound, which does not give way to us as others do."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.blocking import blockers
from alembic_safe.apply.preflight.check import Check, Found, Scene, duration, query

# the last words of an autovacuum's query (autovacuum.c, autovac_report_activity)
_FORCED = "(to prevent wraparound)"


def _look(scene: Scene) -> Iterator[Found]:
    met: set[int] = set()
    for one in blockers(scene):
        if one.kind == "autovacuum worker" and _FORCED in (one.query or "") and one.table.oid not in met:
            met.add(one.table.oid)
            yield Found(
                f"an autovacuum to prevent wraparound is on {one.table.name} (pid {one.pid}, since"
                f" {duration(one.age or 0)}), and it does not give way to a lock that is waited for",
                "Wait until it is through (pg_stat_progress_vacuum), or run `VACUUM (FREEZE)` of the table"
                " at a quiet hour before.",
            )
    oids = [table.oid for table in scene.tables if table.oid not in met]
    for name, age, limit in scene.database.fetch(query("wraparound"), [oids]) if oids else ():
        yield Found(
            f"{name} is due for a vacuum to prevent wraparound (age {age:,} of {limit:,}), which may begin"
            " while the plan waits for its lock",
            f"Run `VACUUM (FREEZE) {name}` before.",
            "warn",
        )


CHECK = Check(
    "wraparound-vacuum",
    "refuse",
    "a vacuum to prevent wraparound on a table that the plan locks",
    _look,
    planned=True,
)
