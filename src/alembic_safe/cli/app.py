"""The typer application: every command of `commands`, with its flags made from the table of options."""

from __future__ import annotations

from typing import Any

import typer

from alembic_safe.cli.command import Command
from alembic_safe.cli.commands import COMMANDS, GROUPS
from alembic_safe.cli.exits import EXIT_MEANINGS
from alembic_safe.cli.flags import Values, typer_function
from alembic_safe.settings.options import BY_NAME, FLAG_ONLY, Option, options_of

_SUMMARY = "Runs alembic migrations with a verified backup, a journal, and a success that was read back."
# What alembic takes before the command is taken there too, so that a pipeline changes one word.
BEFORE_COMMAND = tuple(BY_NAME[name] for name in ("config", "name", "x", "quiet"))
_VERSION = Option("version", "switch", "Show the versions and exit.", (), FLAG_ONLY, short="V")
_CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def build() -> typer.Typer:
    """The application. Its commands return their exit status."""
    app = _group(epilog=_epilog())
    app.callback(invoke_without_command=True)(
        typer_function("alembic-safe", _SUMMARY, (*BEFORE_COMMAND, _VERSION), (), _before_command)
    )
    app.info.context_settings = _CONTEXT
    groups: dict[str, typer.Typer] = {}
    for command in COMMANDS:
        group, _, name = command.name.rpartition(" ")
        if group and group not in groups:
            groups[group] = _group()
            groups[group].callback(invoke_without_command=True)(
                typer_function(group, GROUPS[group], (), (), _show_help)
            )
            app.add_typer(groups[group], name=group, help=GROUPS[group])
        _add(groups[group] if group else app, name, command)
    return app


def _group(**more: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
        **more,
    )


def _add(app: typer.Typer, name: str, command: Command) -> None:
    def body(context: typer.Context, flags: Values, arguments: Values) -> int:
        from alembic_safe.cli.running import run_command

        return run_command(command, _merged(context.find_root().obj or {}, flags), arguments)

    help_text = "\n\n".join(filter(None, [command.summary, command.details]))
    options = options_of(command.name)
    function = typer_function(command.name, help_text, options, command.arguments, body)
    app.command(name, help=help_text, short_help=command.summary)(function)


def _merged(before: Values, flags: Values) -> dict[str, Any]:
    """Flags before and after the command: what may be repeated adds up, else the later one holds."""
    merged = dict(flags)
    for name, value in before.items():
        if not value:
            continue
        if BY_NAME[name].repeatable:
            merged[name] = [*value, *(merged.get(name) or ())]
        else:
            merged[name] = merged.get(name) or value
    return merged


def _before_command(context: typer.Context, flags: Values, arguments: Values) -> int | None:
    if flags["version"]:
        from alembic_safe.cli.versions import versions

        typer.echo(versions())
        raise typer.Exit
    context.obj = {option.name: flags[option.name] for option in BEFORE_COMMAND}
    return _show_help(context, flags, arguments)


def _show_help(context: typer.Context, flags: Values, arguments: Values) -> int | None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)
    return None


def _epilog() -> str:
    lines = "\n".join(f"{status:>3}  {meaning}" for status, meaning in EXIT_MEANINGS.items())
    return f"\b\nExit status:\n{lines}"
