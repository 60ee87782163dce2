"""Identify a target: its live schema beside every state of its history."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from alembic_safe.errors import BackupError, RefusedError
from alembic_safe.model.events import EventSink
from alembic_safe.model.identity import Compared, Heads, Identity
from alembic_safe.recovery.identity.grounds import Ground, PostgresGround, SqliteGround
from alembic_safe.recovery.identity.history import State
from alembic_safe.recovery.identity.matching import Matching, state_of
from alembic_safe.recovery.identity.naming import applied
from alembic_safe.recovery.identity.sources import Asked, Sources
from alembic_safe.recovery.identity.verdict import verdict


def identify(asked: Asked, *, sink: EventSink, tick: Callable[[], None]) -> Identity:
    """Which revision the live schema is that of, with the differences to the nearest and to the version rows'.

    Only reads the target. Not enough evidence is a value too (`why_not`). Raises `UnreachableError`, and what `tick`
    raises.
    """
    began = time.monotonic()
    heads = asked.database.read_heads(asked.target.version_table)
    with ExitStack() as stack:
        try:
            ground = _ground(asked, tick)
            sources = Sources(asked, ground, ground.live(), stack, sink, tick)
            identity = _identified(sources, heads)
        except (RefusedError, BackupError) as error:
            identity = Identity(heads, why_not=f"{error.message}. {error.hint}".strip())
    return replace(identity, seconds=time.monotonic() - began)


def _ground(asked: Asked, tick: Callable[[], None]) -> Ground:
    table = asked.target.version_table
    if asked.target.dialect == "sqlite":
        return SqliteGround(asked.database, table)
    return PostgresGround.of(asked.database, table, asked.journal_schema, asked.bindir, tick)


def _identified(sources: Sources, heads: Heads | None) -> Identity:
    history = sources.history()
    if not history.states:
        return Identity(
            heads, why_not=history.fault or "env.py configures no such target on a scratch database"
        )
    live = sources.ground.parse(sources.live_text)
    matching = Matching(history, live, sources.loaded_live, sources.loaded_state, sources.ground.sql)
    equal = matching.equal()
    at, to_stamped = _promised(sources, matching, heads or ())
    wanted = sources.asked.wanted
    to_wanted = None if wanted is None else _promised(sources, matching, wanted)[1]
    best = at if at is not None and at in equal else equal[-1] if equal else matching.nearest(history.states)
    compared = matching.compared(best) if best is not None else None
    faults = (f"the history was not replayed to its end: {history.fault}",) if history.fault else ()
    return Identity(
        stamped=heads,
        equal=tuple(dict.fromkeys(state.heads for state in equal)),
        nearest=best.heads if best is not None else None,
        compared=compared,
        to_stamped=to_stamped,
        to_wanted=to_wanted,
        states=len(history.states),
        server=history.server,
        kept=sources.kept,
        notes=(*history.notes, *faults, *dict.fromkeys(sources.notes)),
        verdict=verdict(
            heads, [one.heads for one in equal], to_stamped, partial(applied, sources.asked.graph)
        ),
    )


def _promised(sources: Sources, matching: Matching, heads: Heads) -> tuple[State | None, Compared | None]:
    """The state that version rows promise, and the differences to it; None where they promise none.

    Branches of a history can stand in ways that an upgrade to the heads does not pass: those are replayed apart.
    """
    rows = tuple(sorted(heads))
    at = state_of(matching.history.states, rows)
    if at is None and rows and set(rows) <= {revision.id for revision in sources.asked.graph.revisions}:
        at = state_of(sources.history(rows).states, rows)
    return at, matching.compared(at) if at is not None else None
