"""Where schemas come from: histories from the cache or replayed, and texts after a dump and restore."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import field, replace
from pathlib import Path

from alembic_safe.bridge import Workers
from alembic_safe.bridge.messages import GraphRead, Job
from alembic_safe.databases import ScratchPlace
from alembic_safe.errors import AlembicSafeError, RefusedError
from alembic_safe.model.events import EventSink, Notice
from alembic_safe.model.identity import Heads, SchemaParts
from alembic_safe.model.protocols import Database
from alembic_safe.model.scratch import ScratchPolicy
from alembic_safe.model.targets import Target
from alembic_safe.quick import dataclass
from alembic_safe.recovery.identity.grounds import Ground
from alembic_safe.recovery.identity.history import History, State
from alembic_safe.recovery.identity.keeping import Keep, digest_of, reader
from alembic_safe.recovery.identity.places import Opener, openers
from alembic_safe.recovery.identity.replaying import replayed

_MOST_EXTENSIONS = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be identified, and with what.

    `job` upgrades the section to its heads; `graph` is the probe's, with its `digest` (else nothing is kept).
    `database` is our own connection, which may be read-only; `cache` the folder of kept histories (None: none).
    `run` names our scratch databases. `wanted` are version rows to compare with besides those that stand.
    """

    workers: Workers
    job: Job
    graph: GraphRead
    target: Target
    database: Database
    scratch: ScratchPolicy
    run: str
    cache: Path | None = None
    journal_schema: str = "alembic_safe"
    bindir: Path | None = None
    wanted: Heads | None = None


@dataclass(slots=True)
class Sources:
    """Opens a scratch when it is first needed; `stack` closes it. `notes` say what could not be had."""

    asked: Asked
    ground: Ground
    live_text: str
    stack: ExitStack
    sink: EventSink
    tick: Callable[[], None]
    kept: bool = True
    notes: list[str] = field(default_factory=list)
    _place: ScratchPlace | None = None
    _texts: dict[str, str] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)
    _parsed: dict[str, SchemaParts | None] = field(default_factory=dict)

    @property
    def keep(self) -> Keep:
        return Keep(self.asked.cache if self.asked.graph.digest else None)

    def history(self, destinations: Heads = ()) -> History:
        """The states on the way to these revisions (none: the heads). Raises `RefusedError` where none can be had."""
        key = self._key(destinations)
        history = self.keep.read(key)
        if history is None:
            self.kept = False
            history = self._replayed(destinations)
            if not history.fault:
                self.keep.write(key, history)
            self._texts |= history.texts
        self._keys |= {state.digest: key for state in history.states}
        return history

    def loaded_live(self) -> SchemaParts | None:
        """The live schema after a dump and restore; None where that changes nothing, or cannot be done."""
        return self._after_loading("live", self.live_text)

    def loaded_state(self, state: State) -> SchemaParts | None:
        """A state's schema after a dump and restore."""
        if state.digest in self._parsed:
            return self._parsed[state.digest]
        key = self._keys.get(state.digest, "")
        kept = self.keep.text(key, state.digest, "loaded")
        if kept is not None:
            self._parsed[state.digest] = self.ground.parse(kept)
            return self._parsed[state.digest]
        text = self._texts.get(state.digest) or self.keep.text(key, state.digest)
        return self._after_loading(state.digest, text, key)

    def _after_loading(self, digest: str, text: str | None, key: str = "") -> SchemaParts | None:
        if digest not in self._parsed:
            loaded = None if text is None else self._load(text)
            if loaded is not None and key:
                self.keep.keep_loaded(key, digest, loaded)
            self._parsed[digest] = None if loaded is None else self.ground.parse(loaded)
        return self._parsed[digest]

    def _load(self, text: str) -> str | None:
        """Through the place that is open, else through the first where it can be done."""
        why: list[str] = []
        for opener in [None, *self._openers(())]:
            try:
                if opener is not None:
                    self._open(opener)
                if self._place is not None:
                    return self.ground.loaded(self._place, text)
            except AlembicSafeError as error:
                self.tick()  # a signal, or the loss of the target, is no fault of the place
                why.append(error.message)
        self.notes.append(
            "a schema could not be taken through a dump and restore, so that expressions which only read otherwise"
            f" may be told as differences: {why[-1]}"
        )
        return None

    def _replayed(self, destinations: Heads) -> History:
        """The history as far as it comes, on the first place where it comes to its end."""
        best: History | None = None
        why: list[AlembicSafeError] = []
        extensions: tuple[str, ...] = ()
        for _ in range(_MOST_EXTENSIONS):
            lacking = ""
            for opener in self._openers(extensions):
                try:
                    self._open(opener)
                    found, extension = self._play(destinations)
                except AlembicSafeError as error:
                    self.tick()  # as in `_load`
                    why.append(error)
                    continue
                if not found.fault:
                    return found
                best = max(best or found, found, key=lambda one: len(one.states))
                lacking = extension or lacking
            if not lacking or lacking in extensions:
                break
            extensions += (lacking,)
        if best is None:
            said = "; ".join(dict.fromkeys(error.message for error in why))
            raise RefusedError(f"the history could not be replayed: {said}", hint=why[-1].hint) from why[-1]
        return best

    def _play(self, destinations: Heads) -> tuple[History, str]:
        assert self._place is not None
        asked, place = self.asked, self._place
        jobs = [replace(asked.job, destination=head) for head in destinations] or [asked.job]
        self.sink(Notice(f"replaying the history on {place.server.words}"))
        history, found = replayed(
            place,
            asked.workers,
            jobs,
            asked.target,
            read=lambda clone: self.ground.clone(place, clone),
            parse=self.ground.parse,
            allow_subprocess=asked.scratch.allow_subprocess,
            sink=self.sink,
            tick=self.tick,
        )
        for clone in found.clones:
            place.drop(clone)
        return history, found.extension

    def _openers(self, extensions: tuple[str, ...]) -> list[Opener]:
        asked = self.asked
        return list(openers(asked.scratch, asked.database, asked.run, extensions))

    def _open(self, opener: Opener) -> None:
        """Leave the place that is open, and enter another."""
        self.stack.close()
        self._place = None
        self._place = self.stack.enter_context(opener())

    def _key(self, destinations: Heads) -> str:
        target = self.asked.target
        told = (
            self.asked.graph.digest,
            reader(),
            self.ground.version,
            str(target.ordinal),
            str(target.version_table),
            self.asked.journal_schema,
            *destinations,
        )
        return digest_of("\0".join(told))
