"""Flags, environment and pyproject.toml to `Settings`: the one way in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alembic_safe.errors import SettingsError
from alembic_safe.settings.layers import Layer, of_environment, of_file, of_flags
from alembic_safe.settings.settings import Settings


def load_settings(
    command: str, flags: Mapping[str, object], environ: Mapping[str, str], directory: Path
) -> Settings:
    """What a command was told: flags over environment over `[tool.alembic-safe]`, each value checked.

    `flags` holds raw values by option name, None for one that was not given. `directory` is the working
    directory; the pyproject.toml that is read stands beside the alembic configuration in use, or there.
    Raises `UsageError` or `SettingsError`, which name the flag, variable, or file and key at fault.
    """
    # Here, since the modules below load pydantic, which `--help` has no time for.
    from alembic_safe.settings.assembling import Bases, assemble
    from alembic_safe.settings.validating import validate

    given: list[Layer] = [of_flags(command, flags), of_environment(environ)]
    project = _project_directory(given, directory)
    layers = [*given, of_file(project / "pyproject.toml")]
    return assemble(command, validate(layers), layers, environ, Bases(directory, project))


def _project_directory(layers: list[Layer], directory: Path) -> Path:
    for layer in layers:
        if "config" in layer:
            given = layer["config"]
            if not isinstance(given.raw, str) or not given.raw.strip():
                raise SettingsError(f"{given.origin}: the name of a file is needed")
            return (directory / Path(given.raw).expanduser()).parent
    return directory
