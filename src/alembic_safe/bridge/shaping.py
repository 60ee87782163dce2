"""Dataclasses to plain lists and back, driven by their type hints: what JSON carries between our processes."""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints


def plain(value: Any) -> Any:
    """A value of messages in the form that JSON has."""
    kind = type(value)
    if kind is str or kind is int:  # most values: asked first
        return value
    if is_dataclass(kind):
        return [plain(getattr(value, name)) for name in _names(kind)]
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


@cache
def _names(cls: Hashable) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cast("type[Any]", cls)))


def _as_it_is(value: Any) -> Any:
    return value


@cache
def shaping(hint: Hashable) -> Callable[[Any], Any]:
    """A function that gives a value as JSON has it the shape that `hint` declares. Made once for each hint."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        (inner,) = (arg for arg in get_args(hint) if arg is not type(None))
        return shaping(inner)
    if origin is tuple:
        item = shaping(get_args(hint)[0])
        if item is _as_it_is:
            return lambda value: None if value is None else tuple(value)
        return lambda value: None if value is None else tuple([item(one) for one in value])
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        parts = [shaping(hints[name]) for name in _names(hint)]
        # a class known only at run time: its fields' hints are what shapes the values
        make = cast("Callable[..., Any]", hint)
        return lambda value: (
            None if value is None else make(*[part(one) for part, one in zip(parts, value, strict=True)])
        )
    return _as_it_is
