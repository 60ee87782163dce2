"""A history's states kept by what they follow from, so that the next identification need not replay them.

Kept as JSON and text in the user's cache folder, never pickled: a file that is not what it should be is only
ignored. What is kept are schemas of scratch databases, never of a target.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from alembic_safe.model.identity import Part, SchemaParts
from alembic_safe.quick import dataclass
from alembic_safe.recovery.identity.history import History, State

_FORMAT = 1
_MOST = 12


@cache
def reader() -> str:
    """A digest of the code that makes parts of texts: what it read before, it would read otherwise after a change."""
    package = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for file in (*sorted(Path(__file__).parent.glob("*.py")), package / "databases/postgresql/objects.py"):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def digest_of(text: str) -> str:
    """The name of a text (hex)."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Keep:
    """A folder of histories; None keeps nothing. Nothing here raises."""

    folder: Path | None

    def read(self, key: str) -> History | None:
        """The history under this key; None where there is none, or something else."""
        if self.folder is None:
            return None
        file = self.folder / key / "states.json"
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            if told["format"] != _FORMAT:
                return None
            history = History(_states(told), told["server"], told["fault"], tuple(told["notes"]))
            os.utime(file.parent)
        except (OSError, ValueError, TypeError, KeyError, IndexError):
            return None
        return history

    def write(self, key: str, history: History) -> None:
        """Keep a history with the texts of its states, and no more than a few histories in all."""
        if self.folder is None:
            return
        beside = self.folder / f".{key}.{os.getpid()}"
        with contextlib.suppress(OSError):
            beside.mkdir(parents=True, mode=0o700)
            for digest, text in history.texts.items():
                _write(beside / f"{digest}.sql.gz", text)
            (beside / "states.json").write_text(
                json.dumps(_told(history), separators=(",", ":")), encoding="utf-8"
            )
            shutil.rmtree(self.folder / key, ignore_errors=True)
            beside.rename(self.folder / key)
            self._prune()
        shutil.rmtree(beside, ignore_errors=True)

    def text(self, key: str, digest: str, kind: str = "sql") -> str | None:
        """A state's text: "sql" as it was replayed, "loaded" after a dump and restore."""
        if self.folder is None:
            return None
        try:
            with gzip.open(self.folder / key / f"{digest}.{kind}.gz") as stream:
                return stream.read().decode("utf-8", "surrogateescape")
        except (OSError, EOFError, ValueError):
            return None

    def keep_loaded(self, key: str, digest: str, text: str) -> None:
        """Keep what a state's text is after a dump and restore."""
        if self.folder is None or not (self.folder / key).is_dir():
            return
        beside = self.folder / key / f".{digest}.{os.getpid()}"
        with contextlib.suppress(OSError):
            _write(beside, text)
            beside.replace(self.folder / key / f"{digest}.loaded.gz")

    def _prune(self) -> None:
        assert self.folder is not None
        kept = [one for one in self.folder.iterdir() if one.is_dir() and not one.name.startswith(".")]
        for old in sorted(kept, key=lambda one: -one.stat().st_mtime)[_MOST:]:
            shutil.rmtree(old, ignore_errors=True)


def _write(file: Path, text: str) -> None:
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "wb") as stream:
        stream.write(gzip.compress(text.encode("utf-8", "surrogateescape"), compresslevel=1, mtime=0))


def _told(history: History) -> dict[str, Any]:
    """As JSON: every entry of any state once, and of each state what came and what went."""
    numbers: dict[tuple[Any, ...], int] = {}
    states, before = [], frozenset[int]()
    for state in history.states:
        now = frozenset(numbers.setdefault(entry, len(numbers)) for entry in _entries(state.schema))
        came, went = sorted(now - before), sorted(before - now)
        states.append([list(state.heads), state.digest, came, went])
        before = now
    return {
        "format": _FORMAT,
        "server": history.server,
        "fault": history.fault,
        "notes": list(history.notes),
        "entries": list(numbers),
        "states": states,
    }


def _entries(schema: SchemaParts) -> list[tuple[Any, ...]]:
    entries: list[tuple[Any, ...]] = [
        ("part", part.kind, part.name, part.of, text) for part, text in schema.parts.items()
    ]
    entries += [("order", table, *columns) for table, columns in schema.order.items()]
    entries += [("name", part.kind, part.name, part.of, name) for part, name in schema.names.items()]
    return entries


def _states(told: dict[str, Any]) -> tuple[State, ...]:
    entries = [_entry(one) for one in told["entries"]]
    parts: dict[Part, str] = {}
    order: dict[str, tuple[str, ...]] = {}
    names: dict[Part, str] = {}
    where: dict[str, dict[Any, Any]] = {"part": parts, "order": order, "name": names}
    states = []
    for heads, digest, came, went in told["states"]:
        for kind, name, _ in (entries[number] for number in went):
            del where[kind][name]
        for kind, name, value in (entries[number] for number in came):
            where[kind][name] = value
        schema = SchemaParts(dict(parts), dict(order), dict(names))
        states.append(State(tuple(heads), schema, digest))
    return tuple(states)


def _entry(told: list[str]) -> tuple[str, Any, Any]:
    kind, *rest = told
    if kind == "order":
        return kind, rest[0], tuple(rest[1:])
    return kind, Part(rest[0], rest[1], rest[2]), rest[3]
