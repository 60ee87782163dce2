"""`upgrade --check-drift`: refuse where a schema is not what its version rows promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from alembic_safe.bridge import Workers
from alembic_safe.errors import RefusedError
from alembic_safe.model.events import EventSink
from alembic_safe.model.identity import Compared, Identity
from alembic_safe.settings import Settings
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.identifying import identity_of

_SHOWN = 20


def refuse_drift(
    settings: Settings,
    workers: Workers,
    sites: Sequence[Site],
    *,
    sink: EventSink,
    tick: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    """Compare each target's schema with its version rows' state, replayed from base.

    Raises `RefusedError` for the first that differs, with the differences, or that cannot be compared.
    """
    for site in sites:
        found = identity_of(settings, workers, site, sink=sink, tick=tick)
        if found.to_stamped is None:
            raise RefusedError(
                f"the drift of {site.target.label} cannot be told: {_why(found)}",
                hint="`alembic-safe identify` says more. Leave --check-drift out to go on without.",
            )
        if not found.to_stamped.equal:
            raise _drifted(site, found, found.to_stamped)
        for sentence in _apart(site, found.to_stamped):
            say(sentence)


def _why(found: Identity) -> str:
    rows = ", ".join(found.stamped or ())
    return (
        found.why_not or "; ".join(found.notes) or f"its version rows ({rows}) are no state of this history"
    )


def _drifted(site: Site, found: Identity, told: Compared) -> RefusedError:
    at, number = ", ".join(found.stamped or ()) or "base", len(told.differences)
    said = f"the schema of {site.target.label} is not that of {at}: {number} part{'' if number == 1 else 's'} differ"
    also = [", ".join(heads) or "base" for heads in found.equal]
    return RefusedError(
        f"{said}{'s' if number == 1 else ''}" + (f"; it is that of {' or '.join(also)}" if also else ""),
        hint="`alembic-safe identify -v` shows each side. Mend the schema, or stamp what it is, then run the same"
        " command again.",
        detail="\n".join(_lines(told)),
    )


def _lines(told: Compared) -> Iterator[str]:
    for one in told.differences[:_SHOWN]:
        yield str(one)
        yield from (f"    {line}" for statement in one.sql for line in statement.split("\n"))
    if len(told.differences) > _SHOWN:
        yield f"and {len(told.differences) - _SHOWN} more"


def _apart(site: Site, told: Compared) -> Iterator[str]:
    if told.order:
        tables = ", ".join(told.order)
        yield f"{site.target.label}: columns stand in another order than the history gives them in {tables}"
    yield from (f"{site.target.label}: {sentence}" for sentence in told.names)
