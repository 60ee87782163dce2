"""The shape of the code: short modules, short functions, each with its duty written down."""

from __future__ import annotations

import ast
from statistics import median, quantiles

import pytest

from tests.architecture.code import MODULES

LONGEST_MODULE = 400
MEDIAN_MODULE = 150
LONG_FUNCTION_P90 = 35
PURE_ROOMS = ("errors", "model", "sql", "rules", "report")
DOING = ("print", "input", "open", "exec", "eval")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_module_is_short_and_says_its_duty(module):
    assert module.lines <= LONGEST_MODULE
    assert ast.get_docstring(module.tree), "no docstring"
    bare = [node.name for node in module.public_objects() if not ast.get_docstring(node)]
    assert not bare, f"public and without a docstring: {bare}"


def test_the_usual_module_is_short():
    # an __init__ that only names its room would flatter the median
    assert median(module.lines for module in MODULES if module.path.stem != "__init__") <= MEDIAN_MODULE


def test_functions_are_short():
    lengths = {
        f"{module.name}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for module in MODULES
        for function in module.functions()
    }
    longest = sorted(lengths, key=lambda name: -lengths[name])[:10]
    p90 = quantiles(lengths.values(), n=10)[-1]
    assert p90 <= LONG_FUNCTION_P90, f"p90 is {p90}; the longest: {longest}"


@pytest.mark.parametrize(
    "module", [one for one in MODULES if one.room in PURE_ROOMS], ids=lambda one: one.name
)
def test_pure_rooms_do_nothing(module):
    called = {
        f"{node.func.id} in line {node.lineno}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in DOING
    }
    assert not called


def test_every_dataclass_is_a_quick_one():
    slow = [
        module.name
        for module in MODULES
        if module.name != "quick"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "dataclasses"
        and any(name.name == "dataclass" for name in node.names)
    ]
    assert not slow, "alembic_safe.quick has a dataclass that is made in a tenth of the time"
