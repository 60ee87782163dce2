"""Settings from flags, environment and file: precedence, refusals, paths, secrets, and the four sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from alembic_safe.errors import SettingsError, UsageError
from alembic_safe.model.policies import ApplyPolicy, BackupPolicy, ControlPolicy, JournalPolicy, ProjectPolicy
from alembic_safe.settings import Settings, load_settings
from alembic_safe.settings.options import OPTIONS, Option

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loading(
        command: str = "upgrade",
        flags: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
        file: str | None = None,
    ) -> Settings:
        if file is not None:
            tmp_path.joinpath("pyproject.toml").write_text(f"[tool.alembic-safe]\n{file}\n")
        return load_settings(command, flags or {}, environ or {}, tmp_path)

    return loading


def test_the_defaults_are_the_policies_own(load: Load, tmp_path: Path) -> None:
    settings = load()
    assert settings.project == ProjectPolicy()
    assert settings.backup == BackupPolicy(directory=tmp_path / BackupPolicy().directory)
    assert settings.apply == ApplyPolicy()
    assert settings.journal == JournalPolicy()
    assert settings.control == ControlPolicy()
    assert {value.origin for value in settings.effective()} == {"default"}


@pytest.mark.parametrize(
    ("flag", "variable", "key", "expected"),
    [
        (None, None, None, 2),
        (None, None, 3, 3),
        (None, "4", 3, 4),
        (None, "", 3, 3),
        ("5", "4", 3, 5),
        ("5", None, None, 5),
        ("5", None, 3, 5),
        (None, "4", None, 4),
    ],
)
def test_flags_win_over_the_environment_over_the_file(
    load: Load, flag: str | None, variable: str | None, key: int | None, expected: int
) -> None:
    environ = {} if variable is None else {"ALEMBIC_SAFE_BACKUP_JOBS": variable}
    file = None if key is None else f"backup-jobs = {key}"
    assert load(flags={"backup-jobs": flag}, environ=environ, file=file).backup.jobs == expected


def test_a_value_that_loses_is_not_checked_but_one_that_wins_is(load: Load) -> None:
    assert load(flags={"wait": "5s"}, file='wait = "x"').apply.wait == 5
    with pytest.raises(
        SettingsError, match=r"pyproject.toml \[tool.alembic-safe\] wait: 'x' is not a duration"
    ):
        load(file='wait = "x"')


def test_every_wrong_value_is_told_at_once(load: Load) -> None:
    with pytest.raises(SettingsError) as caught:
        load(flags={"wait": "x"}, environ={"ALEMBIC_SAFE_BACKUP_JOBS": "y"})
    told = f"{caught.value.message}\n{caught.value.detail}"
    assert "--wait: 'x'" in told
    assert "ALEMBIC_SAFE_BACKUP_JOBS: 'y'" in told


def test_a_setting_of_another_command_is_checked_too(load: Load) -> None:
    with pytest.raises(SettingsError, match="backup-jobs: 99 is above"):
        load("status", file="backup-jobs = 99")


@pytest.mark.parametrize(
    ("file", "message", "hint"),
    [
        ("backup_dir = 'x'", "unknown key 'backup_dir'", "'backup-dir'"),
        ("backup-dri = 'x'", "unknown key 'backup-dri'", "'backup-dir'"),
        ("colour = 1", "unknown key 'colour'", "settings.md"),
        ("no-backup = 'always'", "'no-backup' may not stand", "--no-backup"),
        ("config = 'a.ini'", "'config' may not stand", "--config"),
        ("wait = ", "not valid TOML", "Mend"),
        ("[tool.alembic_safe]", "unknown table", "[tool.alembic-safe]"),
    ],
)
def test_a_file_with_an_unknown_key_is_refused(
    load: Load, tmp_path: Path, file: str, message: str, hint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(file=file)
    assert message in caught.value.message
    assert str(tmp_path / "pyproject.toml") in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("variable", "message", "hint"),
    [
        ("ALEMBIC_SAFE_WAITT", "unknown variable ALEMBIC_SAFE_WAITT", "'ALEMBIC_SAFE_WAIT'"),
        ("ALEMBIC_SAFE_BACKUP-DIR", "unknown variable", "'ALEMBIC_SAFE_BACKUP_DIR'"),
        ("ALEMBIC_SAFE_NO_BACKUP", "may not be set", "--no-backup"),
        ("ALEMBIC_SAFE_X", "may not be set", "--x"),
    ],
)
def test_an_unknown_variable_is_refused(load: Load, variable: str, message: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ={variable: "1"})
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_the_variables_of_a_kubernetes_service_of_our_name_are_let_be(load: Load) -> None:
    names = ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_80_TCP", "PORT_80_TCP_ADDR"]
    load(environ={f"ALEMBIC_SAFE_{name}": "10.0.0.1" for name in names} | {"ALEMBIC_SAFE_DEBUG": "1"})


def test_a_flag_of_another_command_is_refused(load: Load) -> None:
    with pytest.raises(UsageError, match="`history` takes no option --wait"):
        load("history", {"wait": "5s"})


def test_paths_begin_where_they_were_written(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    project.joinpath("pyproject.toml").write_text(
        '[tool.alembic-safe]\nbackup-dir = "b"\njournal = "file:j.db"\npg-bindir = "/opt/pg"\n'
    )
    flags = {"config": "project/alembic.ini"}
    settings = load_settings("upgrade", flags, {}, tmp_path)
    assert settings.directory == project
    assert settings.project.config == project / "alembic.ini"
    assert settings.backup.directory == project / "b"
    assert settings.backup.bindir == Path("/opt/pg")
    assert settings.journal.file == project / "j.db"
    settings = load_settings("upgrade", {**flags, "backup-dir": "b", "output": "o"}, {}, tmp_path)
    assert settings.backup.directory == tmp_path / "b"
    assert settings.output.file == tmp_path / "o"


def test_alembics_own_variable_names_the_configuration_unless_ours_does(load: Load, tmp_path: Path) -> None:
    environ = {"ALEMBIC_CONFIG": "a.ini"}
    assert load(environ=environ).project.config == tmp_path / "a.ini"
    assert load(environ={**environ, "ALEMBIC_SAFE_CONFIG": "b.ini"}).project.config == tmp_path / "b.ini"


def test_sections_may_be_several(load: Load) -> None:
    assert load(flags={"name": ("a", "b")}).project.sections == ("a", "b")
    assert load(environ={"ALEMBIC_SAFE_NAME": "a,b"}).project.sections == ("a", "b")
    assert load(file='name = ["a", "b"]').project.sections == ("a", "b")
    assert load(file='name = "a"').project.sections == ("a",)


def test_an_output_that_cannot_be_written_is_found_before_the_work(load: Load) -> None:
    with pytest.raises(SettingsError, match="there is no folder"):
        load(flags={"output": "missing/report.json"})
    with pytest.raises(SettingsError, match="is a folder"):
        load(flags={"output": "."})


def test_quiet_and_verbose_exclude_each_other(load: Load) -> None:
    with pytest.raises(SettingsError, match="exclude each other"):
        load(flags={"quiet": True, "verbose": True})


SECRET_URL = "postgresql://u:hunter2@h/db"


@pytest.mark.parametrize(
    ("flags", "environ", "file"),
    [
        ({"control-url": SECRET_URL}, {}, None),
        ({"control-url": "host=h password=hunter2"}, {}, None),
        ({"control-url": "postgresql://h/d?password=hunter2"}, {}, None),
        ({}, {}, f"control-url = '{SECRET_URL}'"),
    ],
)
def test_a_password_in_argv_or_in_the_file_is_refused(
    load: Load, flags: dict[str, object], environ: dict[str, str], file: str | None
) -> None:
    with pytest.raises(SettingsError, match="a password may not stand here") as caught:
        load(flags=flags, environ=environ, file=file)
    assert caught.value.exit_status == 2
    assert "hunter2" not in f"{caught.value.message}{caught.value.hint}{caught.value.detail}"


def test_a_control_url_is_followed_to_its_secret(load: Load, tmp_path: Path) -> None:
    tmp_path.joinpath("url").write_text(SECRET_URL + "\n")
    keywords = {"user": "u", "host": "h", "dbname": "db", "password": "hunter2"}
    for settings in (
        load(flags={"control-url": "env:URL"}, environ={"URL": SECRET_URL}),
        load(flags={"control-url": "file:url"}),
        load(environ={"ALEMBIC_SAFE_CONTROL_URL": SECRET_URL}),
    ):
        assert settings.control.keywords == keywords
        assert "hunter2" not in repr(settings)
    assert load(flags={"control-url": "service=prod"}).control.keywords == {"service": "prod"}
    assert load(flags={"control-url": "postgresql://u@h/db"}).control.keywords == {
        "user": "u", "host": "h", "dbname": "db"}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("env:NOWHERE", "variable 'NOWHERE' is not set"),
        ("file:nowhere", "cannot be read: No such file"),
        ("env:WRONG", r"not a connection \(env:WRONG\)"),
        ("sqlite:///x.db", "does not begin with postgresql://"),
    ],
)
def test_a_control_url_that_leads_nowhere_is_told(load: Load, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        load(flags={"control-url": value}, environ={"WRONG": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_a_scratch_is_auto_off_or_a_server(load: Load) -> None:
    assert load().scratch.mode == "auto"
    assert load(flags={"scratch": "off"}).scratch.mode == "off"
    found = load(flags={"scratch": "env:URL"}, environ={"URL": SECRET_URL})
    assert found.scratch.mode == "server"
    assert (found.scratch.keywords or {})["password"] == "hunter2"
    assert "hunter2" not in repr(found.effective()) + repr(found)
    with pytest.raises(SettingsError, match="may not stand here"):
        load(flags={"scratch": SECRET_URL})


def test_the_effective_settings_show_origins_and_mask_secrets(load: Load) -> None:
    settings = load(
        flags={"x": ["url=postgresql://u:hunter2@h/d", "plain"], "wait": "10m"},
        environ={"ALEMBIC_SAFE_CONTROL_URL": SECRET_URL},
        file="backup-jobs = 4",
    )
    shown = {value.name: value for value in settings.effective()}
    assert (shown["wait"].value, shown["wait"].origin) == ("600 s", "--wait")
    assert shown["backup-jobs"].origin.endswith("pyproject.toml [tool.alembic-safe] backup-jobs")
    assert shown["x"].value == "url=***, plain=***"
    assert shown["control-url"].value == "user=u host=h dbname=db password=***"
    assert "hunter2" not in repr(settings.effective())


SAMPLES: dict[str, tuple[object, str]] = {
    "text": ("word", '"word"'), "path": ("p", '"p"'), "duration": ("7s", '"7s"'), "integer": ("16", "16"),
    "switch": (True, "true"), "compression": ("none", '"none"'), "journal": ("file:j", '"file:j"'),
    "connection": ("service=s", '"service=s"'), "scratch": ("off", '"off"'), "reason": ("why", '"why"'),
    "allowance": ("some-rule=why", '"some-rule=why"'),
    "url": ("s3://b/f", '"s3://b/f"'),
    "size": ("7MB", '"7MB"'),
    "rehearsal": ("base", '"base"'),
    "level": ("some-check=off", '"some-check=off"'), "hours": ("09:00-17:00", '"09:00-17:00"'),
}  # fmt: skip


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_means_the_same_on_each_side_it_may_be_given(load: Load, option: Option) -> None:
    choice = option.choices[-1] if option.choices else ""
    raw, toml = SAMPLES.get(option.kind, (choice, f'"{choice}"'))
    flag: object = (raw,) if option.repeatable else raw
    command = option.commands[0]
    made = [load(command, {option.name: flag})]
    if "environment" in option.places:
        made.append(load(command, environ={option.variable: "true" if raw is True else str(raw)}))
    if "file" in option.places:
        made.append(load(command, file=f"{option.name} = {toml}"))
    parts = [field.name for field in fields(Settings) if field.name != "_effective"]
    for settings in made:
        assert [getattr(settings, part) for part in parts] == [getattr(made[0], part) for part in parts]
        given = next(value for value in settings.effective() if value.name == option.name)
        assert given.origin != "default"
    assert made[0] != load(command)


def test_a_file_may_hold_only_what_is_true_of_the_project() -> None:
    decisions = {"no-backup", "x", "run", "limit", "slowest", "ci", "output", "config", "format"}
    assert not {o.name for o in OPTIONS if "file" in o.places} & decisions
