"""A search_path that still holds when alembic writes its version row."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.place import Place, Whole
from alembic_safe.rules.rule import Hit, Rule


def _look_at_plan(whole: Whole) -> Iterator[Hit]:
    for revision in whole.plan.revisions:
        here, after = _left(whole.of(revision))
        left = next((p for p in (here, after) if p is not None and _elsewhere(p)), None)
        if left is not None:
            whose = "alembic's own statement" if left is here else "alembic's next statement"
            yield Hit(
                f"{whose} on its version table runs with this search_path ({_shown(left)}): it fails, "
                "or meets another schema's table, and so do later revisions of the run",
                code.execute("RESET search_path")
                + "# or leave it alone and write the schema: op.add_column(..., "
                "schema='tenant')\n",
                (),
                at=left.spot,
            )


def _left(places: tuple[Place, ...]) -> tuple[Place | None, Place | None]:
    """What set the search_path that holds at the end of the revision, and the one that holds after its commit."""
    session: Place | None = None
    local: Place | None = None
    for place in places:
        if place.path_after is not None:
            session, local = (session, place) if place.command.path_local else (place, None)
    return (local if local is not None and local.path_holds_at_the_end else session), session


def _elsewhere(place: Place) -> bool:
    return bool(place.path_after) and "public" not in (place.path_after or ())


def _shown(place: Place) -> str:
    return ", ".join(name or '""' for name in place.path_after or ())


RULE = Rule(
    id="search-path-left-changed",
    severity=Severity.ERROR,
    hazard="transaction",
    summary="SET search_path to other schemas without setting it back before the revision ends.",
    why=(
        "alembic writes its version row without a schema, in the revision's own transaction and session. Under another "
        "search_path that fails (42P01) or changes the version of another schema, and later revisions of the session "
        "make their tables there. pg_dump's scripts begin with set_config('search_path', '', false)."
    ),
    recipe=(
        "op.execute('SET LOCAL search_path TO archive, public')\n"
        "op.execute('ALTER TABLE entries ADD COLUMN note text')\n"
    ),
    look_at_plan=_look_at_plan,
)
