"""The package's source as the tests of this folder look at it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "alembic_safe"


@dataclass(frozen=True)
class Module:
    """One file; `name` is dotted, without the package's own name."""

    path: Path

    @property
    def name(self) -> str:
        return ".".join(self.path.relative_to(PACKAGE).with_suffix("").parts)

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def lines(self) -> int:
        return len(self.path.read_text().splitlines())

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text())

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (
            node for node in ast.walk(self.tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        )

    def public_objects(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
        """Functions and classes of the module itself that others may use."""
        if self.path.stem.startswith("_") and self.path.stem != "__init__":
            return
        for node in self.tree.body:
            if (
                isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
                and node.name[0] != "_"
            ):
                yield node


MODULES = sorted(map(Module, PACKAGE.rglob("*.py")), key=lambda module: module.name)
