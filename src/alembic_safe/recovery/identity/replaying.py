"""A history replayed on a scratch, and its schema read before the first revision and after each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import Job, StepBegun, StepReady, TargetFound
from alembic_safe.bridge.scratch import Observer, Played, played
from alembic_safe.databases import ScratchPlace
from alembic_safe.model.events import EventSink
from alembic_safe.model.identity import Heads, SchemaParts
from alembic_safe.model.scratch import Clone
from alembic_safe.model.targets import Target
from alembic_safe.quick import dataclass
from alembic_safe.recovery.identity.history import History, State, own
from alembic_safe.recovery.identity.keeping import digest_of

# what reads the text of a clone's schema, and what makes parts of such a text
Read = Callable[[Clone], str]
Parse = Callable[[str], SchemaParts]


@dataclass(slots=True)
class _Recorder(Observer):
    """Reads the schema at each edge between steps, where the worker waits and nothing is open."""

    place: ScratchPlace
    ordinal: int
    read: Read
    clone: Clone | None = None
    here: bool = False
    left: bool = False
    heads: Heads = ()
    recorded: list[tuple[Heads, str]] = field(default_factory=list)

    def target_found(self, message: TargetFound) -> None:
        if message.target.ordinal == self.ordinal:
            self.clone = clone_of(self.place, message.target)
            self.heads = tuple(sorted(message.target.heads or ()))

    def step_begun(self, message: StepBegun) -> None:
        before, self.here = self.here, message.target == self.ordinal
        if before or self.here:
            self.look()
        self.left |= before and not self.here

    def step_ready(self, message: StepReady) -> None:
        if self.here:
            self.heads = tuple(sorted(message.heads))

    def look(self) -> None:
        """Read what stands now."""
        if self.clone is not None:
            self.recorded.append((self.heads, self.read(self.clone)))


def replayed(
    place: ScratchPlace,
    workers: Workers,
    jobs: Sequence[Job],
    target: Target,
    *,
    read: Read,
    parse: Parse,
    allow_subprocess: bool,
    sink: EventSink,
    tick: Callable[[], None],
) -> tuple[History, Played]:
    """Replay `jobs` on clones of `place`: the states of `target`. The clones stand until the caller drops them.

    Raises what reading raises.
    """
    recorders: list[_Recorder] = []

    def observer() -> Observer:
        recorders.append(_Recorder(place, target.ordinal, read))
        return recorders[-1]

    found = played(
        place,
        workers,
        jobs,
        sink=sink,
        tick=tick,
        dialect=target.dialect,
        stands_for=target.database if target.dialect == "sqlite" else "",
        allow_subprocess=allow_subprocess,
        observer=observer,
    )
    recorder, last = recorders[-1], found.replays[-1]
    if last.fault is None and not recorder.left:
        recorder.heads = _heads(found, target.ordinal)
        recorder.look()
    texts = {digest_of(text): text for _, text in recorder.recorded}
    parsed = {digest: parse(text) for digest, text in texts.items()}
    states = [State(heads, parsed[digest_of(text)], digest_of(text)) for heads, text in recorder.recorded]
    fault = "" if last.fault is None else _said(last.fault.revision, last.fault.message)
    notes = (*last.notices, *(f"made on the scratch server: {one}" for one in found.made))
    return History(own(tuple(states)), place.server.words, fault, notes, texts), found


def clone_of(place: ScratchPlace, target: Target) -> Clone | None:
    """The clone on which env.py's target really is."""
    same_kind = [one for one in place.clones if one.dialect == target.dialect]
    if target.dialect == "sqlite":
        return same_kind[-1] if same_kind else None
    return next((one for one in same_kind if one.marker == target.server), None)


def _heads(found: Played, ordinal: int) -> Heads:
    targets = found.replays[-1].targets
    mine = next((one for one in targets if one.found.target.ordinal == ordinal), None)
    return tuple(sorted(mine.heads)) if mine else ()


def _said(revision: str | None, message: str) -> str:
    return f"revision {revision} fails there: {message}" if revision else message
