"""Pairs: two commands in turn, A B B A, so that a machine that drifts does so for both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of ours and theirs, pair by pair."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def median_ours(self) -> float:
        return statistics.median(self.ours)

    @property
    def median_theirs(self) -> float:
        return statistics.median(self.theirs)

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios."""
        return statistics.median(a / b for a, b in zip(self.ours, self.theirs, strict=True))


def timed(action: Callable[[], object]) -> float:
    """Seconds of wall time."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def pairs(ours: Callable[[], float], theirs: Callable[[], float], count: int = 5) -> Pairs:
    """`count` pairs after one of each that is not counted. The functions return seconds: what to time is theirs."""
    ours(), theirs()
    measured = []
    for number in range(count):
        if number % 2:  # whoever comes second finds a warmer, or a busier, machine
            second = theirs()
            measured.append((ours(), second))
        else:
            measured.append((ours(), theirs()))
    return Pairs(tuple(a for a, _ in measured), tuple(b for _, b in measured))
