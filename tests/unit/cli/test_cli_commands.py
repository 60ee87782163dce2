"""The command line in this process: flags to settings, results to streams, failures to exit statuses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from alembic_safe import errors, workflow
from alembic_safe.cli import entry
from alembic_safe.cli.command import Command
from alembic_safe.cli.commands import COMMANDS
from alembic_safe.cli.exits import EXIT_MEANINGS
from alembic_safe.model.events import Notice, PhaseBegan, PhaseEnded, StepBegan
from alembic_safe.report.json.schemas import RESULTS, schema
from alembic_safe.settings import Settings
from alembic_safe.settings.options import OPTIONS, options_of
from tests.unit.report import samples

FUNCTIONS = {
    "upgrade": "upgrade", "downgrade": "downgrade", "plan": "plan", "status": "status", "history": "history",
    "backup create": "create_backup", "backup list": "list_backups", "backup verify": "verify_backup",
    "backup restore": "restore_backup",
    "check": "check", "explain": "explain",
}  # fmt: skip
EVERYDAY = samples.everyday()
RESULT_OF: dict[str, Any] = {
    "upgrade": EVERYDAY["applied"], "downgrade": EVERYDAY["applied"], "plan": EVERYDAY["plan"],
    "status": EVERYDAY["status"], "history": EVERYDAY["history"], "backup create": EVERYDAY["backup_create"],
    "backup list": EVERYDAY["backup_list"], "backup verify": EVERYDAY["backup_verify"],
    "backup restore": EVERYDAY["backup_restore"],
    "check": EVERYDAY["check"], "explain": EVERYDAY["explain"],
}  # fmt: skip


class Calls(list[tuple[str, tuple[Any, ...], dict[str, Any]]]):
    """What the workflow was asked for; `outcome` is returned, or raised, or called."""

    outcome: Any = None

    @property
    def settings(self) -> Settings:
        settings: Settings = self[-1][1][0]
        return settings


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Calls:
    made = Calls()

    def answer(command: str) -> Callable[..., Any]:
        def function(*arguments: Any, **named: Any) -> Any:
            made.append((command, arguments, named))
            outcome = made.outcome if made.outcome is not None else RESULT_OF[command]
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome(named.get("sink")) if callable(outcome) else outcome

        return function

    for command, name in FUNCTIONS.items():
        monkeypatch.setattr(workflow, name, answer(command), raising=False)
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("ALEMBIC")]:
        monkeypatch.delenv(variable)
    return made


def typed(command: str) -> list[str]:
    return [*command.split(), *(["base"] if command == "downgrade" else [])]


@pytest.mark.parametrize("command", sorted(FUNCTIONS))
def test_a_command_calls_its_use_case_and_shows_the_result(
    command: str, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.run(typed(command)) == RESULT_OF[command].exit
    assert [call[0] for call in calls] == [command]
    assert command == "explain" or calls.settings.command == command
    printed = capsys.readouterr()
    assert "shop" in printed.out or command == "explain"
    assert printed.err == ""


@pytest.mark.parametrize("command", sorted(FUNCTIONS))
def test_a_command_writes_a_document_of_its_schema(
    command: str, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.run([*typed(command), "--format", "json"]) == RESULT_OF[command].exit
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema(command))
    assert document["schema"] == f"alembic-safe/{command.replace(' ', '-')}"


def test_arguments_and_flags_reach_the_use_case(calls: Calls) -> None:
    entry.run(["upgrade"])
    assert calls[-1][1][1] == "heads"
    entry.run(["upgrade", "ae10+2", "--wait", "10m", "-x", "a=1", "-x", "b=2", "--no-backup=it is a copy"])
    assert calls[-1][1][1] == "ae10+2"
    assert calls.settings.apply.wait == 600
    assert calls.settings.project.x_arguments == ("a=1", "b=2")
    assert calls.settings.backup.skip_reason == "it is a copy"
    entry.run(["history", "--limit", "3", "--slowest", "5", "--run", "01J"])
    assert {key: calls[-1][2][key] for key in ("limit", "slowest", "run")} == {
        "limit": 3, "slowest": 5, "run": "01J"}  # fmt: skip
    entry.run(["backup", "verify", "20260301"])
    assert calls[-1][1][1] == "20260301"


@pytest.mark.parametrize("words", [["-1"], ["-q", "-1"], ["-1", "-q"], ["--", "-1"]])
def test_a_relative_downgrade_is_no_flag(calls: Calls, words: list[str]) -> None:
    assert entry.run(["-c", "x.ini", "downgrade", *words]) == 0
    assert calls[-1][1][1] == "-1"


def test_what_alembic_takes_before_the_command_is_taken_there(calls: Calls, tmp_path: Path) -> None:
    entry.run(["-c", "a.ini", "-x", "a=1", "-n", "one", "-q", "upgrade", "head", "-x", "b=2", "-n", "two"])
    project = calls.settings.project
    assert project.config == tmp_path / "a.ini"
    assert project.x_arguments == ("a=1", "b=2")
    assert project.sections == ("one", "two")
    assert calls.settings.output.quiet
    entry.run(["-c", "a.ini", "upgrade", "-c", "b.ini"])
    assert calls.settings.project.config == tmp_path / "b.ini"


def kinds(
    base: type[errors.AlembicSafeError] = errors.AlembicSafeError,
) -> list[type[errors.AlembicSafeError]]:
    return [base, *(kind for sub in base.__subclasses__() for kind in kinds(sub))]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("form", ["console", "json"])
def test_an_error_is_told_once_with_its_hint_and_status(
    kind: type[errors.AlembicSafeError], form: str, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.outcome = kind("it did not work\x1b[2J", hint="Do this.", detail="line 1\nline 2")
    assert entry.run(["upgrade", "--format", form]) == kind.exit_status
    assert kind.exit_status in EXIT_MEANINGS
    printed = capsys.readouterr()
    assert printed.err == "error: it did not work\\x1b[2J\n  line 1\n  line 2\nhint: Do this.\n"
    if form == "console":
        assert printed.out == ""
    else:
        document = json.loads(printed.out)
        jsonschema.validate(document, schema("upgrade"))
        assert document["exit"] == kind.exit_status
        assert document["error"]["kind"] == kind.__name__
        assert document["error"]["hint"] == "Do this."


def test_a_result_with_an_error_is_shown_and_its_error_told(
    calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.outcome = samples.failed()
    assert entry.run(["upgrade"]) == 5
    printed = capsys.readouterr()
    assert printed.out.startswith("shop: failed")
    assert printed.err == "error: revision 9c1d2e failed\n  LINE 1: ...\nhint: Mend it and run again.\n"


def test_an_unexpected_error_leaves_its_traceback_in_a_file_of_this_user(
    calls: Calls, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    calls.outcome = ZeroDivisionError("by nothing")
    assert entry.run(["status", "--format=json"]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(
        "error: unexpected error: ZeroDivisionError: by nothing\nhint: This is a bug"
    )
    assert "Traceback" not in printed.err + printed.out
    assert json.loads(printed.out)["exit"] == 1
    [file] = tmp_path.glob("alembic-safe-*.txt")
    assert str(file) in printed.err
    assert file.stat().st_mode & 0o777 == 0o600
    assert "ZeroDivisionError: by nothing" in file.read_text()


def test_debugging_shows_the_traceback_instead(
    calls: Calls, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("ALEMBIC_SAFE_DEBUG", "1")
    calls.outcome = ZeroDivisionError("by nothing")
    assert entry.run(["status"]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err
    assert not list(tmp_path.glob("alembic-safe-*.txt"))


def test_an_interrupt_says_whether_anything_was_begun(
    calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.outcome = KeyboardInterrupt()
    assert entry.run(["upgrade"]) == 5
    assert "error: interrupted, nothing was changed" in capsys.readouterr().err

    def begin(sink: Any) -> None:
        sink(StepBegan("shop", "5a1b2c", "", "upgrade", 1, 1))
        raise KeyboardInterrupt

    calls.outcome = begin
    assert entry.run(["upgrade"]) == 5
    error = capsys.readouterr().err
    assert "error: interrupted while revisions were applied" in error
    assert "nothing was changed" not in error
    assert "alembic-safe status" in error

    def swap(sink: Any) -> None:
        sink(PhaseBegan("swap", "putting it in the place of shop"))
        raise KeyboardInterrupt

    calls.outcome = swap
    assert entry.run(["backup", "restore"]) == 5
    error = capsys.readouterr().err
    assert "interrupted after this was begun: putting it in the place of shop" in error
    assert "nothing was changed" not in error


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["upgrade", "--bogus"], "no such option", "`alembic-safe upgrade --help`"),
        (["upgrade", "--sql"], "no such option", "alembic-safe plan"),
        (["upgrade", "a", "b"], "got unexpected extra argument", "`alembic-safe upgrade --help`"),
        (["downgrade"], "missing argument", "`alembic-safe downgrade --help`"),
        (["upgrad"], "no such command", "`alembic-safe --help`"),
        (["backup", "purge"], "no such command", "`alembic-safe backup --help`"),
        (["upgrade", "--wait"], "requires an argument", "`alembic-safe upgrade --help`"),
        (["upgrade", "--wait", "soon"], "--wait: 'soon' is not a duration", "settings.md"),
        (["upgrade", "--no-backup", ""], "--no-backup: a reason is needed", "settings.md"),
        (["-n", "x", "init"], "`init` takes no option --name", "--help"),
        (["upgrade", "--control-url", "postgresql://u:hunter2@h/d"], "a password may not stand", "env:NAME"),
    ],
)
def test_what_was_mistyped_is_told_and_nothing_is_run(
    words: list[str], message: str, hint: str, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.run(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    first, *_, last = printed.err.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert last.startswith("hint: ")
    assert hint in last
    assert "hunter2" not in printed.err
    assert calls == []


def test_what_was_mistyped_is_in_the_document_too(calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(["plan", "--bogus", "--format", "json"]) == 2
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema("plan"))
    assert document["error"]["kind"] == "UsageError"


def test_a_result_goes_to_a_file_where_one_is_named(
    calls: Calls, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert entry.run(["status", "--format", "json", "-o", "r.json"]) == 0
    assert json.loads(tmp_path.joinpath("r.json").read_text())["schema"] == "alembic-safe/status"
    assert capsys.readouterr().out == ""
    calls.outcome = errors.UnreachableError("no server")
    assert entry.run(["status", "--format", "json", "-o", "r.json"]) == 9
    assert json.loads(tmp_path.joinpath("r.json").read_text())["exit"] == 9


def test_a_result_whose_file_cannot_be_written_goes_to_standard_output(
    calls: Calls, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tmp_path.joinpath("d").mkdir()

    def remove(sink: Any) -> Any:
        tmp_path.joinpath("d").rmdir()
        return samples.status()

    calls.outcome = remove
    assert entry.run(["status", "-o", "d/r.txt"]) == 0
    printed = capsys.readouterr()
    assert "shop: behind" in printed.out
    assert "r.txt cannot be written (No such file or directory)" in printed.err


def test_progress_is_talk_and_a_notice_is_told_once(calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    def work(sink: Any) -> Any:
        sink(PhaseEnded("probe", "1 target", 0.4))
        sink(Notice("env.py connects twice"))
        return samples.plan()

    calls.outcome = work
    entry.run(["plan"])
    printed = capsys.readouterr()
    assert printed.err == "probe: 1 target (400 ms)\nnotice: env.py connects twice\n"
    assert "connects twice" not in printed.out
    entry.run(["plan", "--quiet"])
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "notice: env.py connects twice" in printed.out
    entry.run(["plan", "--format", "json"])
    assert json.loads(capsys.readouterr().out)["notices"] == ["env.py connects twice"]


def test_verbose_shows_the_settings_in_force(calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    entry.run(["upgrade", "-v", "--wait", "10m", "-x", "url=postgresql://u:hunter2@h/d"])
    error = capsys.readouterr().err
    assert "wait = 600 s (--wait)" in error
    assert "backup-jobs = 2 (default)" in error
    assert "x = url=*** (--x)" in error
    assert "hunter2" not in error


def test_a_result_that_cannot_be_shown_is_never_a_success(
    calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.outcome = lambda sink: type("Odd", (), {"exit": 0, "error": None})()
    assert entry.run(["status"]) == 1
    assert "`status` itself ended with exit status 0" in capsys.readouterr().err


def by_name() -> dict[str, Command]:
    return {command.name: command for command in COMMANDS}


@pytest.mark.parametrize("name", sorted(by_name()))
def test_help_names_every_option_of_the_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run([*name.split(), "--help"]) == 0
    text = capsys.readouterr().out
    for option in options_of(name):
        shown = f"-{option.short}" if option.short == option.name else option.flag
        assert shown in text
    assert "None" not in text
    assert by_name()[name].summary in " ".join(text.split())


def test_help_of_all_names_every_command_and_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(["--help"]) == 0
    text = capsys.readouterr().out
    for command in COMMANDS:
        assert command.name.split()[0] in text
    for status, meaning in EXIT_MEANINGS.items():
        assert f"{status}  {meaning}" in text
    assert "--version" in text


@pytest.mark.parametrize("words", [[], ["backup"]])
def test_no_command_shows_help_and_is_no_success(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.run(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Commands:" in printed.err


def test_the_tables_agree() -> None:
    names = set(by_name())
    assert names == set(RESULTS)
    assert {command for option in OPTIONS for command in option.commands} == names
    assert {kind.exit_status for kind in kinds()} | {0} == set(EXIT_MEANINGS)
