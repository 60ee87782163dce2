"""What surrounds a command: its identity, its clock of phases, who runs it and where."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone

from alembic_safe.model.events import EventSink, PhaseBegan, PhaseEnded

_CI_LINKS = ("CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL", "TRAVIS_BUILD_WEB_URL")


def new_run_id(now: datetime) -> str:
    """A run's name: sorts by time, and fits into an application_name with room to spare."""
    return f"{now.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def host() -> str:
    """The machine's name."""
    return socket.gethostname()


def ci_link(environ: Mapping[str, str]) -> str | None:
    """The page of the pipeline's job, where a pipeline is told of in the environment."""
    github = [environ.get(f"GITHUB_{part}") for part in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    if all(github):
        return f"{github[0]}/{github[1]}/actions/runs/{github[2]}"
    return next((environ[name] for name in _CI_LINKS if environ.get(name)), None)


class Phases:
    """Times the phases of a command (seconds, summed by name) and announces them."""

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink
        self.durations: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str, what: str) -> Iterator[list[str]]:
        """One phase; what is appended to the list is said at its end, `what` if nothing is."""
        self._sink(PhaseBegan(name, what))
        began = time.monotonic()
        result: list[str] = []
        try:
            yield result
        finally:
            took = time.monotonic() - began
            self.durations[name] = self.durations.get(name, 0.0) + took
        self._sink(PhaseEnded(name, "; ".join(result) or what, took))
