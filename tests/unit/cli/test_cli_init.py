"""`init`: what it writes into real projects' pyproject.toml, what it leaves alone, and that it is right."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from alembic_safe.cli import entry
from alembic_safe.errors import ProjectError, SettingsError
from alembic_safe.settings import load_settings
from alembic_safe.settings.options import OPTIONS
from alembic_safe.workflow.initialise import initialise, settings_section

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture
def project(tmp_path: Path) -> Path:
    tmp_path.joinpath("alembic.ini").touch()
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[project]\nname = 'x'\n",
        "[project]\nname = 'x'",
        "[a]\r\nb = 1\r\n",
        "# ü\n[tool.x]\na=1\n\n",
    ],
)
def test_a_section_is_added_at_the_end_and_nothing_else_changes(project: Path, text: str | None) -> None:
    path = project / "pyproject.toml"
    before = (text or "").encode()
    if text is not None:
        path.write_bytes(before)
        path.chmod(0o640)
    result = initialise(project)
    after = path.read_bytes()
    assert result.written == (str(path),)
    assert after.startswith(before)
    assert after.count(b"\r\n") == (after.count(b"\n") if b"\r\n" in before else 0)
    assert tomllib.loads(after.decode())["tool"]["alembic-safe"] == {}
    assert [file.name for file in project.iterdir() if file.name.startswith(".")] == []
    if text is not None:
        assert path.stat().st_mode & 0o777 == 0o640
    load_settings("upgrade", {}, {}, project)


def test_every_line_of_the_section_is_a_setting_that_may_be_uncommented(project: Path) -> None:
    lines = [line.removeprefix("# ") for line in settings_section().splitlines()]
    keys = [line for line in lines if line.partition(" = ")[0] in {o.name for o in OPTIONS}]
    assert len(keys) == sum("file" in option.places for option in OPTIONS)
    project.joinpath("pyproject.toml").write_text("[tool.alembic-safe]\n" + "\n".join(keys))
    settings = load_settings("upgrade", {}, {"DATABASE_ADMIN_URL": "postgresql://h/d"}, project)
    plain = load_settings("upgrade", {}, {}, project.parent)
    assert settings.apply == plain.apply
    assert settings.journal == plain.journal
    assert settings.project.start_timeout == plain.project.start_timeout


@pytest.mark.parametrize(
    "section", ["[tool.alembic-safe]\nbackup-jobs = 4\n", "tool.alembic-safe.wait = '5s'\n"]
)
def test_a_section_that_is_there_is_left_alone(project: Path, section: str) -> None:
    path = project / "pyproject.toml"
    path.write_text(section)
    result = initialise(project)
    assert path.read_text() == section
    assert result.written == ()
    assert "it has a section" in result.left[0]
    assert "# backup-jobs = 2" in result.snippets["All settings"]


def test_a_file_that_takes_no_section_is_left_alone(project: Path) -> None:
    path = project / "pyproject.toml"
    path.write_text("tool = {alembic = {script_location = 'm'}}\n")
    result = initialise(project)
    assert path.read_text() == "tool = {alembic = {script_location = 'm'}}\n"
    assert "To add by hand" in result.snippets


def test_an_alembic_project_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"neither alembic.ini nor \[tool.alembic\]"):
        initialise(tmp_path)
    with pytest.raises(ProjectError, match="there is no file"):
        initialise(tmp_path, config=tmp_path / "other.ini")
    assert list(tmp_path.iterdir()) == []
    tmp_path.joinpath("pyproject.toml").write_text("[tool.alembic]\nscript_location = 'm'\n")
    assert initialise(tmp_path).written


def test_a_file_that_is_not_toml_is_left_alone(project: Path) -> None:
    project.joinpath("pyproject.toml").write_text("[tool\n")
    with pytest.raises(SettingsError, match="not valid TOML"):
        initialise(project)
    assert project.joinpath("pyproject.toml").read_text() == "[tool\n"


def test_the_pipeline_is_the_one_the_repository_uses(project: Path) -> None:
    inner = project / "backend"
    inner.mkdir()
    inner.joinpath("alembic.ini").touch()
    assert {"GitHub Actions", "GitLab CI"} < set(initialise(inner).snippets)
    project.joinpath(".github").mkdir()
    project.joinpath(".git").mkdir()
    assert "GitLab CI" not in initialise(inner).snippets
    assert "GitHub Actions" not in initialise(inner, ci="gitlab").snippets


def test_the_command_names_the_configuration_in_the_snippet(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = project / "db"
    inner.mkdir()
    inner.joinpath("my.ini").touch()
    monkeypatch.chdir(project)
    assert entry.run(["init", "-c", "db/my.ini", "--ci", "github"]) == 0
    printed = capsys.readouterr().out
    assert "- run: alembic-safe upgrade -c db/my.ini --wait 10m" in printed
    assert "${{ secrets.DATABASE_URL }}" in printed
    assert inner.joinpath("pyproject.toml").is_file()
