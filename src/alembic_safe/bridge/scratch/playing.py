"""A replay with all that it needs: clones as they are asked for, and cures for what only the place lacks.

A history that ran for years on one server expects things of it: a role that it grants to, an extension, a database
of a certain name. On a server of our own a missing role or database is made, and the replay begun again; for a
missing extension the caller is told, who may open another place. Begun again is always from nothing, on new clones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from alembic_safe.bridge.launcher import Workers
from alembic_safe.bridge.messages import Job
from alembic_safe.bridge.scratch.observing import Observer
from alembic_safe.bridge.scratch.replaying import STEP_SECONDS, Fault, Replayed, replay
from alembic_safe.databases import ScratchPlace
from alembic_safe.model.events import EventSink, each_notice_once
from alembic_safe.model.scratch import Clone, Redirect
from alembic_safe.quick import dataclass

_MOST_ATTEMPTS = 24
# the server's words, SQLSTATE 42704, 3D000 and 0A000 (errcodes-appendix)
_ROLE = re.compile(r'role "([^"]+)" does not exist')
_DATABASE = re.compile(r'database "([^"]+)" does not exist')
_EXTENSION = re.compile(
    r'extension "([^"]+)" (?:is not available|has no installation script)'
    r'|extension control file "[^"]*/([^"/]+)\.control"'
)


@dataclass(frozen=True, slots=True)
class Played:
    """Replays that came as far as they could, one a job (fewer where one failed).

    `made` are what the history expected and the place was given.

    `extension` is one that the place has not, "" where none was missed; `clones` stand until they are dropped, and a
    further `replay` with `redirect` goes on from there.
    """

    replays: tuple[Replayed, ...]
    clones: tuple[Clone, ...]
    redirect: Redirect
    made: tuple[str, ...] = ()
    extension: str = ""


def played(
    place: ScratchPlace,
    workers: Workers,
    jobs: Sequence[Job],
    *,
    sink: EventSink,
    tick: Callable[[], None],
    dialect: str = "",
    stands_for: str | Sequence[str] = "",
    allow_subprocess: bool = False,
    observer: Callable[[], Observer] = Observer,
    fill: Callable[[Clone], None] | None = None,
    step_seconds: float | None = STEP_SECONDS,
) -> Played:
    """Replay `jobs`, each going on from where the one before ends, on new clones of `place`.

    First through env.py, and without it where it cannot be executed.

    `dialect`: alembic gets a connection of it, whatever env.py connects to. `stands_for` are the databases (a
    path for SQLite) that the first clones replace. `observer` makes a fresh one for each beginning. `fill` puts into a
    new clone what it is to begin with. Raises what the place, `tick`, `fill` and the observer raise.
    """
    redirect = Redirect((), str(place.folder), dialect, allow_subprocess=allow_subprocess)
    clones: tuple[Clone, ...] = ()
    names = [stands_for] if isinstance(stands_for, str) else list(stands_for)
    made = list[str]()
    through_env: Fault | None = None
    sink = each_notice_once(sink)
    for _ in range(_MOST_ATTEMPTS):
        # those of the last attempt are the caller's, whatever became of it
        for clone in clones:
            place.drop(clone)
        clones = tuple(place.make(name) for name in names)
        if fill is not None:
            for clone in clones:
                fill(clone)
        turned = replace(redirect, clones=clones)
        replays = _one_after_the_other(
            workers, jobs, turned, sink, _both(tick, place), observer(), step_seconds
        )
        one = replays[-1]
        if (wanted := [w.database for w in one.wanted if w.dialect == "postgresql"]) and _more(names, wanted):
            names += [name for name in dict.fromkeys(wanted) if name not in names]
        elif one.fault is None:
            break
        elif one.fault.kind == "environment" and not redirect.without_env:
            redirect, through_env = replace(redirect, without_env=True), one.fault
        elif not _cured(place, one.fault, made):
            break
    if through_env is not None and one.fault is not None and one.fault.kind == "environment":
        # nothing ran without it either: what is to be mended is what env.py itself fails with
        replays[-1] = replace(one, fault=through_env)
    elif through_env is not None:
        replays[-1] = replace(one, notices=(*one.notices, _without_env(through_env.message)))
    return Played(tuple(replays), clones, turned, tuple(made), _missing_extension(one.fault))


def _one_after_the_other(
    workers: Workers,
    jobs: Sequence[Job],
    redirect: Redirect,
    sink: EventSink,
    tick: Callable[[], None],
    observer: Observer,
    step_seconds: float | None,
) -> list[Replayed]:
    """A replay a job; the first that has a fault is the last."""
    replays: list[Replayed] = []
    for job in jobs:
        replays.append(
            replay(workers, job, redirect, sink=sink, tick=tick, observer=observer, step_seconds=step_seconds)
        )
        if replays[-1].fault is not None or replays[-1].wanted:
            break
    return replays


def _both(tick: Callable[[], None], place: ScratchPlace) -> Callable[[], None]:
    def both() -> None:
        tick()
        place.ping()

    return both


def _more(names: list[str], wanted: list[str]) -> bool:
    return any(name not in names for name in wanted)


def _without_env(why: str) -> str:
    return f"the revisions ran on the scratch database without env.py, which cannot be executed there: {why}"


def _cured(place: ScratchPlace, fault: Fault, made: list[str]) -> bool:
    """Whether what was missed is there now, so that a further attempt is worth it."""
    if not place.own or place.server.major == 0:
        return False
    for what, pattern, make in (
        ("role", _ROLE, place.make_role),
        ("database", _DATABASE, place.make_empty_database),
    ):
        found = pattern.search(fault.message)
        if found and f"{what} {found[1]}" not in made:
            make(found[1])
            made.append(f"{what} {found[1]}")
            return True
    return False


def _missing_extension(fault: Fault | None) -> str:
    found = _EXTENSION.search(fault.message) if fault else None
    return next(filter(None, found.groups()), "") if found else ""
