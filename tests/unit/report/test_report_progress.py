"""Progress: what is said without a terminal, what passes on one, and that nothing it meets stops the work."""

from __future__ import annotations

import os
import pty
import re
import time
from io import StringIO

import pytest

from alembic_safe.model.events import (
    BackupProgress,
    Event,
    Notice,
    PhaseBegan,
    PhaseEnded,
    StatementBegan,
    StatementEnded,
    StepBegan,
    StepEnded,
    Waiting,
    WorkerOutput,
)
from alembic_safe.report.console.progress import ConsoleProgress
from alembic_safe.report.console.sayings import ongoing
from tests.unit.report import samples

RUN: tuple[Event, ...] = (
    PhaseBegan("probe", "reading the project"),
    WorkerOutput("stdout", "loading models\n"),
    PhaseEnded("probe", "1 target", 0.41),
    PhaseBegan("backup", "dumping shop"),
    BackupProgress("backup", 5_000_000, 2.0),
    PhaseEnded("backup", "12.3 MB", 4.2),
    PhaseBegan("apply", "2 revisions"),
    StepBegan("shop", "5a1b2c", "add email", "upgrade", 1, 2, 35.0),
    StatementBegan("shop", "5a1b2c", samples.ADD),
    StatementEnded("shop", "5a1b2c", samples.ADD),
    StepEnded("shop", "5a1b2c", "committed", 3.6),
    Notice("a row was locked", "See `alembic-safe status`."),
    StepBegan("shop", "9c1d2e", "", "upgrade", 2, 2),
    StepEnded("shop", "9c1d2e", "rolled_back", 0.002),
)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def said(*events: Event, quiet: bool = False, verbose: bool = False) -> str:
    stream = StringIO()
    sink = ConsoleProgress(stream, quiet=quiet, verbose=verbose, clock=Clock())
    for event in events:
        sink(event)
    return stream.getvalue()


def test_without_a_terminal_a_line_is_written_when_something_ended() -> None:
    assert said(*RUN).splitlines() == [
        "  | loading models",
        "probe: 1 target (410 ms)",
        "backup: 12.3 MB (4.2 s)",
        "[1/2] 5a1b2c add email: committed in 3.6 s",
        "notice: a row was locked",
        "  See `alembic-safe status`.",
        "[2/2] 9c1d2e: rolled back in 2 ms",
    ]


def test_verbose_says_what_begins_and_each_statement() -> None:
    lines = said(*RUN, verbose=True).splitlines()
    assert "backup: dumping shop ..." in lines
    assert "[1/2] 5a1b2c add email ..." in lines
    assert "  line 12: ALTER TABLE users ADD COLUMN email VARCHAR(255)" in lines


def test_quiet_says_nothing() -> None:
    assert said(*RUN, quiet=True) == ""


def test_hostile_text_is_written_harmless() -> None:
    evil = samples.EVIL
    statement = type(samples.ADD)(1, evil, None, error=evil)
    text = said(
        PhaseBegan(evil, evil),
        PhaseEnded(evil, evil, 1.0),
        StepBegan(evil, evil, evil, "upgrade", 1, 1),
        StatementBegan(evil, evil, statement),
        StatementEnded(evil, evil, statement),
        StepEnded(evil, evil, "failed", 1.0),
        WorkerOutput("stderr", evil),
        Notice(evil, evil),
        verbose=True,
    )
    assert "\\x1b[2J" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800]", text)


def test_a_long_silence_is_broken_from_time_to_time() -> None:
    stream, clock = StringIO(), Clock()
    sink = ConsoleProgress(stream, clock=clock)
    sink(StepBegan("shop", "9c1d2e", "fill email", "upgrade", 1, 1, 35.0))
    sink(StatementBegan("shop", "9c1d2e", samples.UPDATE))
    written = []
    for clock.now in (5.0, 9.9, 10.1, 30.0, 69.0, 70.2, 100.0):
        sink.beat()
        written.append(stream.getvalue().count("\n"))
    assert written == [0, 0, 1, 1, 1, 2, 2]
    assert stream.getvalue().splitlines()[0] == (
        "still [1/1] 9c1d2e fill email (10.1 s of about 35.0 s); line 30: UPDATE users SET email = "
        "lower(login) || '@example.com' WHERE email IS NULL AND id > $1 AND id <= $2"
    )
    sink(StepEnded("shop", "9c1d2e", "committed", 100.0))
    clock.now = 500.0
    sink.beat()
    assert stream.getvalue().count("\n") == 3


def test_waiting_is_said_with_who_is_in_the_way() -> None:
    stream, clock = StringIO(), Clock()
    sink = ConsoleProgress(stream, clock=clock)
    sink(PhaseBegan("lock", "the deploy lock of shop"))
    clock.now = 11.0
    sink(Waiting("the deploy lock", "pid 4711, deploy", 11.0))
    sink.beat()
    assert stream.getvalue() == "still waiting for the deploy lock, held by pid 4711, deploy (11.0 s)\n"


def test_a_stream_that_broke_stops_nothing() -> None:
    stream = StringIO()
    stream.close()
    with ConsoleProgress(stream) as sink:
        for event in RUN:
            sink(event)
        sink.beat()


def test_a_terminal_shows_what_is_going_on_and_keeps_what_ended() -> None:
    primary, secondary = pty.openpty()
    clock = Clock()
    with os.fdopen(secondary, "w", encoding="utf-8") as stream:
        with ConsoleProgress(stream, terminal=True, width=60, clock=clock) as sink:
            for event in RUN[:9]:
                sink(event)
            clock.now = 12.0
            time.sleep(0.5)  # some refreshes: they come eight times a second
            sink(WorkerOutput("stdout", "a word in between"))
        stream.flush()
        text = ""
        while "\x1b[?25h" not in text:  # the cursor is shown again, last of all
            text += os.read(primary, 65536).decode()
    os.close(primary)
    assert "[1/2] 5a1b2c add email" in text
    assert "of about 35.0 s" in text
    assert "line 12: ALTER TABLE users" in text
    assert "backup: 12.3 MB (4.2 s)" in text
    assert "  | a word in between" in text
    assert "\x1b[2K" in text


@pytest.mark.parametrize(
    ("phase", "megabytes", "seconds", "expected", "said"),
    [
        ("dump", 120, 2.0, None, "dump: 120.0 MB at 60.0 MB/s"),
        ("dump", 120, 2.0, 7_620, "dump: 120.0 MB at 60.0 MB/s, about 2 min 5 s left"),
        ("dump", 120, 2.0, 100, "dump: 120.0 MB at 60.0 MB/s, more than the last one"),
        ("dump", 120, 2.0, 121, "dump: 120.0 MB at 60.0 MB/s, about 1.0 s left"),
        ("dump", 0, 5.0, 100, "dump: 0 B at 0 B/s"),
        ("dump", 1, 0.5, 100, "dump: 1.0 MB"),  # no rate worth the name yet
        ("read", 120, 9.0, 7_620, "read: 120.0 MB"),
    ],
)
def test_a_dump_says_its_rate_and_its_expected_end(phase, megabytes, seconds, expected, said):
    wanted = None if expected is None else expected * 1_000_000
    assert ongoing(BackupProgress(phase, megabytes * 1_000_000, seconds, wanted)) == said
