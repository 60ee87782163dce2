"""The table of options as typer's flags: a function's signature is made, so that typer can read it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Optional, cast

import typer

from alembic_safe.cli.command import Argument
from alembic_safe.settings.options import Option

Values = Mapping[str, Any]


def typer_function(
    name: str,
    help_text: str,
    options: Iterable[Option],
    arguments: Iterable[Argument],
    body: Callable[[typer.Context, Values, Values], int | None],
) -> Callable[..., int | None]:
    """A function that typer can make a command of; `body` gets flags by option name, and the arguments.

    Every value arrives as it was typed: settings check them, wherever they were given, in the same words.
    """
    taken, positional = tuple(options), tuple(arguments)

    def function(**values: Any) -> int | None:
        context = values.pop("context")
        flags = {option.name: values[option.field] for option in taken}
        for argument in positional:
            if argument.required and values[argument.name] is None:
                # typer before 0.20 on click from 8.3 lets it pass
                raise typer.BadParameter("missing argument", param_hint=argument.name.upper())
        return body(context, flags, {argument.name: values[argument.name] for argument in positional})

    parameters = [_parameter("context", typer.Context, inspect.Parameter.empty)]
    parameters += [_argument(argument) for argument in positional]
    parameters += [_flag(option) for option in taken]
    function.__name__ = name.replace(" ", "_")
    function.__doc__ = help_text
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    cast("Any", function).__signature__ = inspect.Signature(parameters)
    return function


def _argument(argument: Argument) -> inspect.Parameter:
    default = ... if argument.required else argument.default
    shown = typer.Argument(
        default, help=argument.help, metavar=argument.name.upper(), show_default=bool(argument.default)
    )
    if argument.many:
        return _parameter(argument.name, Optional[list[str]], shown)  # noqa: UP045
    return _parameter(argument.name, str if argument.required else Optional[str], shown)  # noqa: UP045


def _flag(option: Option) -> inspect.Parameter:
    names = [option.flag] if option.name != option.short else []
    names += [f"-{option.short}"] if option.short else []
    help_text = option.help + (f" [default: {option.default}]" if option.default is not None else "")
    if option.kind == "switch":
        return _parameter(option.field, bool, typer.Option(False, *names, help=option.help))
    kind: Any = Optional[list[str]] if option.repeatable else Optional[str]  # noqa: UP045
    metavar = option.shown_metavar
    return _parameter(
        option.field, kind, typer.Option(None, *names, metavar=metavar, help=help_text, show_default=False)
    )


def _parameter(name: str, kind: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
