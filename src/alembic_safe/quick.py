"""What lets a command start quickly: dataclasses whose classes are made quickly, and names that are imported late.

A command makes three hundred dataclasses before it does anything. The standard library compiles six functions for a
frozen one, which is two thirds of the time that importing us takes
(`python -X importtime -m alembic_safe plan`); here one is compiled and the rest is shared. What is made is a dataclass
to everything else (`fields`, `replace`, `is_dataclass`) and behaves as the standard library's:
tests/unit/test_quick.py holds the two together. Type checkers see the standard library's.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    _C = TypeVar("_C", bound=type)

    def dataclass(*, slots: bool, frozen: bool = False) -> Callable[[_C], _C]:
        """As `dataclasses.dataclass` has it; other forms than these two are not used in this project."""

        def make(cls: _C) -> _C:
            if cls.__doc__ is None:
                # or the standard library looks for the signature, to say that
                cls.__doc__ = cls.__name__
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
            fields = dataclasses.fields(made)
            methods = {
                "__init__": _initialiser(made, fields, frozen=frozen),
                "__repr__": _representation([field.name for field in fields if field.repr]),
                **_comparison([field.name for field in fields if field.compare], frozen=frozen),
                **(_FROZEN if frozen else {}),
            }
            for name, method in methods.items():
                # `__hash__` is None in each class that defines `__eq__`
                if made.__dict__.get(name) is None:
                    setattr(made, name, method)
            return made

        return make


def _initialiser(
    cls: type, fields: tuple[dataclasses.Field[Any], ...], *, frozen: bool
) -> Callable[..., None]:
    """The one function that is compiled: its parameters are the class's fields."""
    names: dict[str, Any] = {"_set": object.__setattr__, "_fresh": _FRESH}
    parameters, body = ["self"], []
    for field in fields:
        name, value = field.name, field.name
        if field.default_factory is not dataclasses.MISSING:
            names[f"_make_{name}"] = field.default_factory
            parameters.append(f"{name}=_fresh")
            value = f"_make_{name}() if {name} is _fresh else {name}"
        elif field.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = field.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        body.append(f"  _set(self, {name!r}, {value})" if frozen else f"  self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("  self.__post_init__()")
    lines = [
        f"def make({', '.join(names)}):",
        f" def __init__({', '.join(parameters)}):",
        *(body or ["  pass"]),
        " return __init__",
    ]
    # among the names of its module, by which its annotations are read
    around: dict[str, Any] = {}
    exec("\n".join(lines), sys.modules[cls.__module__].__dict__, around)
    made: Callable[..., None] = around["make"](**names)
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = {**{field.name: field.type for field in fields}, "return": None}
    return made


class _Fresh:
    def __repr__(self) -> str:
        return "<factory>"


_FRESH = _Fresh()


def _representation(names: list[str]) -> Callable[[Any], str]:
    def representation(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return representation


def _comparison(names: list[str], *, frozen: bool) -> dict[str, Any]:
    if len(names) > 1:
        compared: Callable[[Any], Any] = attrgetter(*names)
    else:
        # of one name the getter gives no tuple, and of none there is none

        def compared(self: Any) -> Any:
            return tuple(getattr(self, name) for name in names)

    def equal(self: Any, other: object) -> Any:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(compared(self))

    return {"__eq__": equal, "__hash__": hashed if frozen else None}


def _refuse_assignment(self: Any, name: str, value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(self: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN = {
    "__setattr__": _refuse_assignment,
    "__delattr__": _refuse_deletion,
    "__getstate__": _state,
    "__setstate__": _restore,
}


def lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's `__getattr__` (PEP 562): each name of `homes` is imported from its module when it is asked for."""

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return find
