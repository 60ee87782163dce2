"""published-journal: a publication FOR ALL TABLES would send our journal's rows to subscribers that lack them."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.apply.preflight.check import Check, Found, Scene, query


def _look(scene: Scene) -> Iterator[Found]:
    if scene.journal_schema is None:
        return
    rows = scene.database.fetch(query("publications"), {"schema": scene.journal_schema})
    for name, stands in rows:
        cure = (
            'Keep the journal in a file (`journal = "file:PATH"`), or make the schema '
            f"{scene.journal_schema} with its tables on every subscriber and give `--preflight published-journal=warn`."
        )
        # where the journal stands already, its subscribers have dealt with it, or there is none that reads
        yield Found(
            f"publication {name} publishes every table, the journal's too: a subscriber without them stops",
            cure,
            "warn" if stands else None,
        )


CHECK = Check(
    "published-journal",
    "refuse",
    "a publication that would send our journal to its subscribers",
    _look,
    always=True,
)
