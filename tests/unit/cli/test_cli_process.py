"""The command as a process: what `--help` loads, versions, signals, closed pipes, odd terminals."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.support.processes import wait_until

# A process whose `status` writes "begun" and then does what its first argument says.
PROGRAM = """
import sys, time
from alembic_safe import workflow
from alembic_safe.cli.entry import run
from tests.unit.report import samples

def status(settings, *, sink):
    what = sys.argv.pop(1)
    if what == "wait":
        sys.stderr.write("begun\\n"); sys.stderr.flush()
        time.sleep(60)
    if what == "long":
        facts = tuple(f"fact {n} of many" for n in range(20000))
        target = samples.status().targets[0]
        import dataclasses
        return dataclasses.replace(samples.status(), targets=(dataclasses.replace(target, facts=facts),))
    return samples.status()

workflow.status = status
sys.exit(run(["status", *sys.argv[2:]]))
"""
ROOT = Path(__file__).parents[3]


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ALEMBIC", "COLUMNS"))}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def started(what: str, *words: str, **more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, what, *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment(**more), cwd="/")


def _held_by(pipe: int) -> int:
    """Bytes that were written into it and are not read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_help_loads_nothing_heavy() -> None:
    program = """
import sys, typer
typers = set(sys.modules)  # an old typer loads rich itself
from alembic_safe.cli import entry
assert entry.run(["--help"]) == 0
heavy = ["alembic", "sqlalchemy", "sqlglot", "pydantic", "rich", "psycopg", "sqlite3", "pydantic_settings"]
print("loaded:", [name for name in heavy if name in sys.modules.keys() - typers])
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment())
    assert run.stderr == ""
    assert run.stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize(
    "command", [["-m", "alembic_safe"], [str(Path(sys.executable).with_name("alembic-safe"))]]
)
def test_the_command_is_installed_and_is_the_module(command: list[str]) -> None:
    words = [sys.executable, *command] if command[0] == "-m" else command
    run = subprocess.run([*words, "--version"], capture_output=True, text=True, env=environment())
    assert run.returncode == 0
    first, second = run.stdout.splitlines()
    assert first.startswith("alembic-safe ")
    assert "alembic 1." in second
    assert "not found" not in second


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_command_in_order(number: signal.Signals) -> None:
    process = started("wait")
    assert process.stderr is not None
    assert process.stderr.readline() == "begun\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 5
    assert err == "error: interrupted, nothing was changed\nhint: Run the same command again.\n"
    assert out == ""


def test_a_hang_up_that_was_ignored_stays_ignored() -> None:
    command = f"trap '' HUP; exec {sys.executable} -c \"$0\" wait"
    process = subprocess.Popen(
        ["/bin/sh", "-c", command, PROGRAM], stderr=subprocess.PIPE, text=True, env=environment(), cwd="/"
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "begun\n"
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 5


@pytest.mark.slow
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_is_no_fault_of_the_run(unbuffered: str) -> None:
    process = started("long", "-v", PYTHONUNBUFFERED=unbuffered)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("shop: behind")
    process.stdout.close()
    assert process.stderr is not None
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert "Broken" not in error
    assert "error" not in error


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_document_is_never_cut_short_by_a_pipe_that_does_not_block(unbuffered: str) -> None:
    inlet, outlet = os.pipe()
    os.set_blocking(outlet, False)
    command = [sys.executable, "-c", PROGRAM, "long", "--format=json"]
    more = environment(PYTHONUNBUFFERED=unbuffered)
    process = subprocess.Popen(command, stdout=outlet, stderr=subprocess.PIPE, env=more, cwd="/")
    os.close(outlet)
    wait_until(lambda: _held_by(inlet) > 60_000, 30, "the pipe, which holds 64 KiB, is full")
    time.sleep(0.3)  # and is found full
    with os.fdopen(inlet, "rb") as reader:
        document = json.loads(reader.read())
    error = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert error == b""
    assert len(document["targets"][0]["facts"]) == 20000


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_will_do(encoding: str) -> None:
    out, err = started("show", PYTHONIOENCODING=encoding).communicate(timeout=60)
    assert out.startswith("shop: behind (3f2a1b)")
    assert err == ""


@pytest.mark.parametrize(
    ("more", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_terminal_has_colours_unless_it_is_told_not_to(more: dict[str, str], colored: bool) -> None:
    primary, secondary = pty.openpty()
    variables = environment(**{"TERM": "xterm", **more})
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, "show"],
        stdout=secondary,
        stderr=subprocess.PIPE,
        env=variables,
        cwd="/",
    )
    os.close(secondary)
    text = os.read(primary, 65536).decode()
    os.close(primary)
    assert run.returncode == 0
    assert ("\x1b[33mbehind" in text) is colored
    assert ("\x1b" in text) is colored


def test_no_terminal_no_colour_unless_forced() -> None:
    assert "\x1b" not in started("show").communicate(timeout=60)[0]
    assert "\x1b[33m" in started("show", FORCE_COLOR="1").communicate(timeout=60)[0]


def test_an_interruption_before_the_command_line_is_read_is_no_traceback() -> None:
    program = """
import sys
from alembic_safe.cli import ahead, main
def interrupted(arguments):
    raise KeyboardInterrupt
ahead.begun = interrupted
sys.argv = ["alembic-safe", "status"]
main()
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), cwd="/", check=False)
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr == "error: interrupted, nothing was changed\n"
