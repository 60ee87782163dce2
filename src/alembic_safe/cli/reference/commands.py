"""The page of commands, from their declarations and the table of options. Pure."""

from __future__ import annotations

from alembic_safe.cli.app import BEFORE_COMMAND
from alembic_safe.cli.command import Argument, Command
from alembic_safe.cli.commands import COMMANDS
from alembic_safe.settings.options import Option, options_of


def commands_page() -> str:
    """docs/reference/cli.md."""
    before = ", ".join(f"`-{option.short}`" for option in BEFORE_COMMAND)
    introduction = f"""\
# Commands

Data goes to standard output, talk to standard error; progress that moves is shown only on a terminal.
Nothing is ever asked. What the exit status says is in [exit-status.md](exit-status.md), what each
option means at length in [settings.md](settings.md), the form of `--format json` in
[json](json/README.md).

{before} may also stand before the command, as alembic has them. `alembic-safe --version` shows the
versions of alembic-safe and of what it runs with; `python -m alembic_safe` is the same command.
"""
    return "\n".join([introduction, *(_section(command) for command in COMMANDS)])


def _section(command: Command) -> str:
    words = [f"[{a.name.upper()}]" if not a.required else a.name.upper() for a in command.arguments]
    usage = " ".join(["alembic-safe", command.name, "[OPTIONS]", *words])
    rows = [f"| `{argument.name.upper()}` | {_cell(_meaning(argument))} |" for argument in command.arguments]
    rows += [f"| {_flag(option)} | {_cell(_help(option))} |" for option in options_of(command.name)]
    text = "\n\n".join(filter(None, [command.summary, command.details]))
    return f"## {command.name}\n\n    {usage}\n\n{text}\n\n| | |\n|---|---|\n" + "\n".join(rows) + "\n"


def _meaning(argument: Argument) -> str:
    default = f" Default: `{argument.default}`." if argument.default else ""
    return f"{argument.help}{default}"


def _flag(option: Option) -> str:
    short = f"`-{option.short}`" if option.short else ""
    if option.short == option.name:
        return f"{short[:-1]} {option.shown_metavar}`"
    long = _cell(f"`{option.flag} {option.shown_metavar}".rstrip() + "`")
    return f"{short}, {long}" if short else long


def _help(option: Option) -> str:
    default = f" Default: `{option.default}`." if option.default is not None else ""
    return f"{option.help}{default}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
