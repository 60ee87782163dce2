"""What the quick dataclasses are, against the standard library's."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, get_type_hints

import pytest

from alembic_safe import quick
from alembic_safe.model.targets import ConnectParameters

Decorate = Callable[[type], Any]


class Plain:
    """Words of its own."""

    name: str
    count: int = 3
    parts: list[int] = field(default_factory=list)
    secret: str = field(default="hush", repr=False)
    beside: int = field(default=0, compare=False)


class Single:
    only: tuple[int, ...]


class Empty:
    pass


class OwnEquality:
    a: int

    def __eq__(self, other: object) -> bool:
        return True


class OwnWords:
    a: int

    def __repr__(self) -> str:
        return "own"


class Checked:
    a: int

    def __post_init__(self) -> None:
        if self.a < 0:
            raise ValueError("negative")


_SHAPES = [Plain, Single, Empty, OwnEquality, OwnWords, Checked]
_FORMS = [{"slots": True}, {"slots": True, "frozen": True}]


def _both(shape: type, form: dict[str, bool]) -> tuple[Any, Any]:
    # each of its own body: the standard library writes defaults out of the class it is given
    def body() -> type:
        return type(
            shape.__name__, (), dict(shape.__dict__) | {"__annotations__": dict(shape.__annotations__)}
        )

    if not hasattr(shape, "__annotations__"):
        shape.__annotations__ = {}
    ours: Callable[..., Decorate] = quick.dataclass
    theirs: Callable[..., Decorate] = dataclasses.dataclass
    return ours(**form)(body()), theirs(**form)(body())


def _samples(cls: Any) -> list[Any]:
    if cls.__name__ == "Empty":
        return [cls(), cls()]
    if cls.__name__ == "Plain":
        return [
            cls("a"),
            cls("a"),
            cls("b", 4),
            cls("a", parts=(1,)),
            cls("a", secret="x"),
            cls("a", beside=9),
        ]
    return [cls((1,)), cls((1,)), cls((2,))] if cls.__name__ == "Single" else [cls(1), cls(1), cls(2)]


@pytest.mark.parametrize("form", _FORMS, ids=["plain", "frozen"])
@pytest.mark.parametrize("shape", _SHAPES)
def test_it_is_as_the_standard_librarys(shape: type, form: dict[str, bool]) -> None:
    ours, theirs = _both(shape, form)
    assert [one.name for one in dataclasses.fields(ours)] == [one.name for one in dataclasses.fields(theirs)]
    assert ours.__slots__ == theirs.__slots__
    assert ours.__match_args__ == theirs.__match_args__
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    for mine, other in zip(_samples(ours), _samples(theirs), strict=True):
        assert repr(mine) == repr(other)
        assert not hasattr(mine, "__dict__")
    equal = [[a == b for b in _samples(ours)] for a in _samples(ours)]
    assert equal == [[a == b for b in _samples(theirs)] for a in _samples(theirs)]
    assert _samples(ours)[0] != _samples(theirs)[0] or shape is OwnEquality


@pytest.mark.parametrize("shape", [Plain, Single, Empty])
def test_a_frozen_one_is_hashed_by_what_is_compared(shape: type) -> None:
    ours, theirs = _both(shape, {"slots": True, "frozen": True})
    if shape is Plain:
        pair = [(cls("a", parts=(1,), beside=1), cls("a", parts=(1,), beside=2)) for cls in (ours, theirs)]
    else:
        pair = [(_samples(cls)[0], _samples(cls)[1]) for cls in (ours, theirs)]
    for one, other in pair:
        assert hash(one) == hash(other)
        assert len({one, other}) == 1


@pytest.mark.parametrize("cls", _both(Plain, {"slots": True}), ids=["ours", "theirs"])
def test_what_can_change_has_no_hash(cls: Any) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(cls(1))


@pytest.mark.parametrize("cls", _both(Plain, {"slots": True, "frozen": True}), ids=["ours", "theirs"])
def test_a_frozen_one_cannot_be_changed(cls: Any) -> None:
    value = cls("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        value.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del value.name
    assert dataclasses.replace(value, name="b") == cls("b")


def test_the_hints_of_what_is_given_are_read_in_the_module_of_the_class() -> None:
    hints = get_type_hints(ConnectParameters.__init__)
    assert hints["keywords"] == Mapping[str, str]
    assert hints["return"] is type(None)


def test_each_value_has_its_own_default_list() -> None:
    ours, _ = _both(Plain, {"slots": True})
    assert ours("a").parts is not ours("a").parts


def test_what_is_missing_or_too_much_is_an_error() -> None:
    for cls in _both(Plain, {"slots": True}):
        for wrong in (lambda cls=cls: cls(), lambda cls=cls: cls("a", colour="red")):
            with pytest.raises(TypeError, match="__init__"):
                wrong()


def test_a_check_after_the_fields_is_made() -> None:
    ours, _ = _both(Checked, {"slots": True, "frozen": True})
    with pytest.raises(ValueError, match="negative"):
        ours(-1)


def test_a_subclass_has_the_fields_of_both() -> None:
    for decorate in (quick.dataclass, dataclasses.dataclass):
        base: Any = decorate(frozen=True, slots=True)(type("Base", (), {"__annotations__": {"a": "int"}}))
        sub: Any = decorate(frozen=True, slots=True)(
            type("Sub", (base,), {"__annotations__": {"b": "int"}, "b": 2})
        )
        assert repr(sub(1)) == "Sub(a=1, b=2)"
        assert sub(1) == sub(1, 2)
        assert sub(1) != base(1)
        with pytest.raises(dataclasses.FrozenInstanceError):
            sub(1).a = 2


def test_values_are_copied_and_pickled() -> None:
    value = ConnectParameters("postgresql", "psycopg", {"host": "db"})
    for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert twin == value
        assert twin is not value
    # what may hold a password stays out of any message
    assert "db" not in repr(value)
