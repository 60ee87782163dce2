"""What was given, and where: flags, environment and file, each as raw values by option. Reads one file.

A layer refuses what it does not know; nothing is ignored silently. Values are looked at later.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from alembic_safe.errors import SettingsError, UsageError
from alembic_safe.quick import dataclass
from alembic_safe.settings.options import BY_NAME, OPTIONS, OTHER_VARIABLES, PREFIX, TABLE, Place, options_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Kubernetes gives every container such variables for each service of its namespace; a service named
# "alembic-safe" must not stop its own job (Kubernetes documentation, "Service", environment variables).
_SERVICE_LINK = re.compile(r"(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)")


@dataclass(frozen=True, slots=True)
class Given:
    """A raw value, the place it was given in, and what messages call that place."""

    raw: object
    place: Place
    origin: str


Layer = dict[str, Given]


def of_flags(command: str, flags: Mapping[str, object]) -> Layer:
    """Flags by option name; one that was not given is None, False or empty.

    Raises `UsageError` for a flag that the command does not take.
    """
    known = {option.name: option for option in options_of(command)}
    layer: Layer = {}
    for name, raw in flags.items():
        if name not in known:
            raise UsageError(f"`{command}` takes no option --{name}")
        if raw is None or raw is False or raw == () or raw == []:
            continue
        layer[name] = Given(raw, "flag", known[name].flag)
    return layer


def of_environment(environ: Mapping[str, str]) -> Layer:
    """`ALEMBIC_SAFE_*` by option name. One that is set but empty counts as not set, as is usual in pipelines.

    Raises `SettingsError` for a variable with our prefix that is no option, or that may only be a flag.
    """
    by_variable = {option.variable: option for option in OPTIONS}
    layer: Layer = {}
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        if variable in OTHER_VARIABLES or _SERVICE_LINK.fullmatch(variable.removeprefix(PREFIX)):
            continue
        option = by_variable.get(variable)
        if option is None:
            allowed = [o.variable for o in OPTIONS if "environment" in o.places]
            raise SettingsError(
                f"environment: unknown variable {variable}", hint=_advice(variable, allowed, "variable")
            )
        if "environment" not in option.places:
            raise SettingsError(
                f"environment: {variable} may not be set: this is a decision of the moment",
                hint=f"Give {option.flag} on the command line.",
            )
        if environ[variable]:
            raw: object = environ[variable].split(",") if option.repeatable else environ[variable]
            layer[option.name] = Given(raw, "environment", variable)
    for option in OPTIONS:
        if option.also and environ.get(option.also) and option.name not in layer:
            layer[option.name] = Given(environ[option.also], "environment", option.also)
    return layer


def of_file(path: Path) -> Layer:
    """The keys of `[tool.alembic-safe]` in a pyproject.toml, by option name; empty where there is none.

    Raises `SettingsError` naming file and key for a key that is no option, or that may not be in a file.
    """
    table = _table(path)
    layer: Layer = {}
    for key, raw in table.items():
        option = BY_NAME.get(key)
        if option is None:
            allowed = [o.name for o in OPTIONS if "file" in o.places]
            raise SettingsError(
                f"{path}: unknown key {key!r} in [{TABLE}]", hint=_advice(key, allowed, "key")
            )
        if "file" not in option.places:
            raise SettingsError(
                f"{path}: {key!r} may not stand in [{TABLE}]",
                hint=f"Give {option.flag} on the command line.",
            )
        layer[key] = Given(raw, "file", f"{path} [{TABLE}] {key}")
    return layer


def _table(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        raise SettingsError(f"{path} is not valid TOML: {error}", hint="Mend the file.") from error
    tools = document.get("tool", {})
    if not isinstance(tools, dict):
        return {}
    if "alembic_safe" in tools:
        raise SettingsError(f"{path}: unknown table [tool.alembic_safe]", hint=f"Did you mean [{TABLE}]?")
    table = tools.get("alembic-safe", {})
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: [{TABLE}] is not a table of keys")
    return table


def _advice(word: str, allowed: Iterable[str], what: str) -> str:
    names = list(allowed)
    shape = word.lower().replace("-", "_")
    near = [name for name in names if name.lower().replace("-", "_") == shape]
    near = near or get_close_matches(word, names, n=1, cutoff=0.75)
    listing = "Every setting is listed in docs/reference/settings.md."
    return f"Did you mean the {what} {near[0]!r}? {listing}" if near else listing
