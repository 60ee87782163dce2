"""Where a history is replayed: one place after another, and what ends that."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from alembic_safe.apply import Interrupted
from alembic_safe.errors import AlembicSafeError, RefusedError
from alembic_safe.model.events import ignore
from alembic_safe.recovery.identity.sources import Sources


class Asked:
    graph: Any = type("Graph", (), {"digest": ""})


def sources(monkeypatch: pytest.MonkeyPatch, *, signal: bool = False) -> Sources:
    """With two places, of which none can be had."""

    def refuse(words: str) -> Any:
        def opener() -> Any:
            raise AlembicSafeError(words, hint=f"{words}!")

        return opener

    def tick() -> None:
        if signal:
            raise Interrupted("interrupted")

    made = Sources(Asked(), None, "", ExitStack(), ignore, tick)  # type: ignore[arg-type]
    monkeypatch.setattr(Sources, "_openers", lambda *_: [refuse("no rights"), refuse("no server")])
    return made


def test_every_place_that_could_not_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match="no rights; no server") as caught:
        sources(monkeypatch)._replayed(())
    assert caught.value.hint == "no server!"


def test_a_round_trip_that_cannot_be_made_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    made = sources(monkeypatch)
    assert made.loaded_live() is None
    (note,) = made.notes
    assert "no server" in note


def test_a_signal_is_no_fault_of_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Interrupted):
        sources(monkeypatch, signal=True)._replayed(())
    with pytest.raises(Interrupted):
        sources(monkeypatch, signal=True).loaded_live()
