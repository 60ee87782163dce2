"""Signals are counted while a run must not be torn, and what was changed before one is said."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from alembic_safe.apply import Interrupted, Interrupts
from alembic_safe.backup.prune import Pruning
from alembic_safe.backup.retention import Decision
from alembic_safe.workflow import pruning as workflow


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_counted_and_tears_nothing(number):
    with Interrupts() as interrupts:
        os.kill(os.getpid(), number)
        assert (interrupts.count, interrupts.name) == (1, number.name)
        with pytest.raises(Interrupted, match=number.name):
            interrupts.check()


def test_a_hang_up_that_nohup_ignores_is_not_counted():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
            assert interrupts.count == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("after", [0, 2])
def test_an_interrupted_pruning_says_what_it_removed(monkeypatch, after):
    removed: list[str] = []

    def remove(backup: str) -> None:
        removed.append(backup)

    monkeypatch.setattr(workflow, "open_store", lambda policy: SimpleNamespace(remove=remove))
    listings: list[Any] = [SimpleNamespace(manifest=SimpleNamespace(id=f"b{n}")) for n in range(4)]
    pruning: Any = Pruning(tuple((one, Decision(one.manifest.id, False, "")) for one in listings))
    with Interrupts() as interrupts:
        interrupts.name = "SIGTERM"

        def check() -> None:
            if len(removed) == after:
                raise Interrupted("interrupted by SIGTERM before anything was applied")

        monkeypatch.setattr(interrupts, "check", check)
        with pytest.raises(Interrupted) as raised:
            settings: Any = SimpleNamespace(backup=None)
            workflow._pruned(settings, pruning, interrupts)

    if after:
        assert raised.value.message == "interrupted by SIGTERM after 2 of 4 backups were removed"
        assert "othing was changed" not in raised.value.hint and "b3" in str(raised.value.detail)
    else:
        assert raised.value.hint.startswith("Nothing was changed")
