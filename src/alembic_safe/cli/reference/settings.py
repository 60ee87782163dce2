"""The page of settings, from the table of options. Pure."""

from __future__ import annotations

from alembic_safe.settings.options import OPTIONS, OTHER_VARIABLES, TABLE, Option

_INTRODUCTION = f"""\
# Settings

A setting is given as a flag, as an environment variable, or as a key of `[{TABLE}]` in pyproject.toml.
A flag wins over a variable, a variable over the file. The file is the pyproject.toml beside the alembic
configuration in use: beside the file that `-c` names, else in the working directory.

Keys are spelled as the flags are, with hyphens. A key or an `ALEMBIC_SAFE_*` variable that is not
listed here is an error (exit status 2), and every value is checked before any connection is made. `-v`
shows the settings in force and where each was said, with secrets masked.

- **DURATION** is `500ms`, `5s`, `10m`, `1h`, or a number of seconds.
- A relative path is relative to the pyproject.toml it stands in; on the command line and in the
  environment, to the working directory; a default, to the folder of the alembic configuration.
- In a variable, several values are separated by commas; in the file they are a list. A variable that is
  set but empty counts as not set.
- The database's URL is not a setting: it comes from the project's own env.py.
"""

_ENDING = f"""\
## Other variables

`{OTHER_VARIABLES[0]}=1` shows the traceback of an error. `NO_COLOR` takes the colours away,
`FORCE_COLOR` gives them to a pipeline. `ALEMBIC_CONFIG` is read as alembic reads it. The variables that
Kubernetes makes for a service named `alembic-safe` (`ALEMBIC_SAFE_SERVICE_HOST`, `ALEMBIC_SAFE_PORT`
and so on) are let be.
"""

_NOTES = {
    "control-url": """\
`env:NAME` reads the variable NAME, `file:PATH` the file, `service=NAME` libpq's service file. What they
lead to, and what `ALEMBIC_SAFE_CONTROL_URL` may hold itself, is a `postgresql://` URL or libpq's
`keyword=value` text. With a password, neither may stand on a command line or in pyproject.toml, where
others can read it.""",
}


def settings_page() -> str:
    """docs/reference/settings.md."""
    return "\n".join([_INTRODUCTION, *(_section(option) for option in OPTIONS), _ENDING])


def _section(option: Option) -> str:
    metavar = f" {option.shown_metavar}" if option.shown_metavar else ""
    short = f", `-{option.short}{metavar}`" if option.short and option.short != option.name else ""
    flag = f"`-{option.name}{metavar}`" if option.short == option.name else f"`{option.flag}{metavar}`{short}"
    rows = [("flag", flag)]
    if "environment" in option.places:
        rows.append(("environment", f"`{option.variable}`" + (f", `{option.also}`" if option.also else "")))
    if "file" in option.places:
        rows.append(("pyproject.toml", f"`{option.name}`"))
    if option.default is not None:
        rows.append(("default", f"`{option.default}`"))
    if option.minimum is not None:
        unit = " s" if option.kind == "duration" else ""
        rows.append(("range", f"{option.minimum:g} to {option.maximum:g}{unit}"))
    rows.append(("commands", ", ".join(option.commands)))
    table = "\n".join(f"| {what} | {value.replace('|', chr(92) + '|')} |" for what, value in rows)
    note = f"\n{_NOTES[option.name]}\n" if option.name in _NOTES else ""
    return f"## {option.name}\n\n{option.help}\n{note}\n| | |\n|---|---|\n{table}\n"
