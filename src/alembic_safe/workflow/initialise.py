"""`init`: a commented settings section for the project here, and a snippet for its pipeline."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path
from typing import Any

from alembic_safe.errors import ProjectError, SettingsError
from alembic_safe.model.results import InitResult
from alembic_safe.settings.options import BY_NAME, OPTIONS, TABLE, Option

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NAMES = {"github": "GitHub Actions", "gitlab": "GitLab CI"}
# No snippet keeps a backup as an artifact of the pipeline: it holds the data, and others can read artifacts.
_SNIPPETS = {
    "github": """\
migrate:
  runs-on: ubuntu-latest
  concurrency: {{ group: migrate-production, cancel-in-progress: false }}
  steps:
    - uses: actions/checkout@v4
    # ... install the application, and a pg_dump of the server's major version
    - run: alembic-safe upgrade{config} --wait 10m
      env:
        DATABASE_URL: ${{{{ secrets.DATABASE_URL }}}}  # or what env.py reads
        # a folder that outlives this job, where only you can read
        ALEMBIC_SAFE_BACKUP_DIR: /mnt/backups
""",
    "gitlab": """\
migrate:
  stage: deploy
  resource_group: migrate-production
  variables:
    # a folder that outlives this job, where only you can read
    ALEMBIC_SAFE_BACKUP_DIR: /mnt/backups
  script:
    # ... install the application, and a pg_dump of the server's major version
    - alembic-safe upgrade{config} --wait 10m
""",
}
_WIDTH = 100
# what stands for a setting that has no default
_EXAMPLES = {
    "max-time": '"10m"',
    "control-url": '"env:DATABASE_ADMIN_URL"',
    "max-age": '"26h"',
    "backup-url": '"service=standby"',
    "backup-recipient": '["age1..."]',
    "contract-after": '"1d"',
    "old-application": '["shop-v41*"]',
    "replica-lag": '"30s"',
    "preflight": '["old-transaction=warn"]',
    "not-between": '["Fri 12:00-24:00 Europe/Berlin"]',
}
_BACKUPS = str(BY_NAME["backup-dir"].default)


def initialise(directory: Path, *, config: Path | None = None, ci: str | None = None) -> InitResult:
    """Add `[tool.alembic-safe]` to the pyproject.toml in `directory`, unless it has one.

    The file is made where there is none. `directory` is the folder of the alembic configuration,
    `config` its file where it was named. `ci` is "github" or "gitlab"; without it, whatever the project
    seems to use, else both. Text is only ever added at the file's end. Raises `ProjectError` where
    there is no alembic project, `SettingsError` where the file is not valid TOML or cannot be written.
    """
    pyproject = directory / "pyproject.toml"
    text, document = _read(pyproject)
    _require_project(directory, config, document)
    section = settings_section()
    snippets = {_NAMES[kind]: _snippet(kind, config) for kind in _pipelines(directory, ci)}
    snippets[".gitignore"] = f"{_BACKUPS.partition('/')[0]}/\n"
    if "alembic-safe" in _tool(document):
        left = f"{pyproject}: it has a section [{TABLE}]"
        return InitResult(0, (), (left,), {"All settings": section, **snippets})
    extended = _appended(text, section)
    if not _parses(extended):  # `tool = {...}` on one line takes no further section
        left = f"{pyproject}: a section cannot be added at its end"
        return InitResult(0, (), (left,), {"To add by hand": section, **snippets})
    _write(pyproject, extended)
    return InitResult(0, (str(pyproject),), (), snippets)


def settings_section() -> str:
    """The section with every setting that a file may hold, each commented out at its default."""
    parts = [f"[{TABLE}]"]
    for option in OPTIONS:
        if "file" in option.places:
            parts += textwrap.wrap(option.help, _WIDTH, initial_indent="# ", subsequent_indent="# ")
            parts.append(f"# {option.name} = {_toml(option)}")
    return "\n".join(parts) + "\n"


def _toml(option: Option) -> str:
    if option.name in _EXAMPLES:
        return _EXAMPLES[option.name]
    if option.kind == "switch":
        return "false"
    if option.default is None:
        return '"s3://bucket/folder"' if option.metavar == "URL" else '"..."'
    return str(option.default) if isinstance(option.default, int) else f'"{option.default}"'


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        # Bytes, so that the ends of its lines stay what they are.
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return "", {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}", hint="Mend the file.") from error


def _parses(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _tool(document: dict[str, Any]) -> dict[str, Any]:
    tool = document.get("tool", {})
    return tool if isinstance(tool, dict) else {}


def _require_project(directory: Path, config: Path | None, document: dict[str, Any]) -> None:
    if config is not None:
        if not config.is_file():
            raise ProjectError(f"there is no file {config}", hint="Name the alembic configuration with -c.")
        return
    if not (directory / "alembic.ini").is_file() and "alembic" not in _tool(document):
        raise ProjectError(
            f"no alembic project in {directory}: neither alembic.ini nor [tool.alembic] in pyproject.toml",
            hint="Run this where `alembic current` works, or name the configuration with -c.",
        )


def _pipelines(directory: Path, ci: str | None) -> tuple[str, ...]:
    if ci is not None:
        return (ci,)
    # The pipeline's file stands at the root of the repository, the configuration often below it.
    for folder in (directory, *directory.resolve().parents):
        if (folder / ".github").is_dir():
            return ("github",)
        if (folder / ".gitlab-ci.yml").is_file():
            return ("gitlab",)
        if (folder / ".git").exists():
            break
    return tuple(_NAMES)


def _snippet(kind: str, config: Path | None) -> str:
    option = f" -c {os.path.relpath(config)}" if config is not None else ""
    return _SNIPPETS[kind].format(config=option)


def _appended(text: str, section: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return text + gap + section.replace("\n", newline)


def _write(path: Path, text: str) -> None:
    """Whole or not at all, with the mode the file had."""
    beside = path.with_name(f".{path.name}.alembic-safe-{os.getpid()}")
    try:
        beside.write_bytes(text.encode("utf-8"))
        if path.exists():
            beside.chmod(path.stat().st_mode)
        beside.replace(path.resolve())
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from error
