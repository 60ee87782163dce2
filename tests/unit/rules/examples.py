"""The pairs of migrations_examples/hazards: rendered to statements, or run on a server, by alembic itself."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import postgresql

from alembic_safe.model.findings import JudgedPlan
from alembic_safe.model.revisions import Direction, Revision, RevisionListing, Source, Statement
from alembic_safe.rules import all_rules
from alembic_safe.sql import Piece, Schema
from alembic_safe.sql.sqlite import split as split_sqlite
from alembic_safe.workflow.judging import judged, replayed
from tests.architecture.code import ROOT
from tests.unit.rules.plans import listing

HAZARDS = ROOT / "migrations_examples" / "hazards"
BASE = (HAZARDS / "base.sql").read_text()
# a trigger's body has semicolons of its own, and never one before a line that begins at the left
_SQLITE_BASE = re.sub(r";\n(?=\S)(?!END)", ";\n\x00", (HAZARDS / "base_sqlite.sql").read_text())


def folders() -> list[Path]:
    """One folder a rule."""
    return sorted(path for path in HAZARDS.iterdir() if path.is_dir() and path.name[0] not in "._")


def revisions(folder: Path, kind: str) -> list[Path]:
    """`unsafe.py`, `unsafe_2.py`, ... in the order they run."""
    return [*folder.glob(f"{kind}.py"), *sorted(folder.glob(f"{kind}_*.py"))]


def for_sqlite(folder: Path) -> bool:
    """Whether the folder's rule is SQLite's alone, so that its pair runs there."""
    return all_rules()[folder.name].dialects == ("sqlite",)


def base_of(folder: Path) -> str:
    """The SQL of what stands before the pair: the shop, and what the rule's own base.sql adds."""
    own = folder / "base.sql"
    return BASE + (own.read_text() if own.exists() else "")


def load(path: Path) -> ModuleType:
    """The revision file as a module, without leaving a compiled file beside it."""
    spec = spec_from_file_location(f"example_{path.parent.name}_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = kept
    return module


def plan_of(folder: Path, kind: str, version: int, *, mapped: Any = None) -> JudgedPlan:
    """The example as a plan on the base schema."""
    if for_sqlite(folder):
        return _sqlite_plan(folder, kind, mapped)
    paths = revisions(folder, kind)
    modules = [load(path) for path in paths]
    downs = {module.down_revision for module in modules}
    heads = tuple(module.revision for module in modules if module.revision not in downs)
    listings = [_render(path, module) for path, module in zip(paths, modules, strict=True)]
    backs = [_render(path, module, "downgrade") for path, module in zip(paths, modules, strict=True)]
    reverse = {back.revision.id: back.statements for back in backs if back.not_inspectable is None}
    return judged(
        listings, version=version, schema=_base(folder), mapped=mapped, heads=heads, reverse=reverse
    )


def _sqlite_plan(folder: Path, kind: str, mapped: Any) -> JudgedPlan:
    """The example as it ran on SQLite, where a batch shows nothing without its table."""
    listings = [ran_on_sqlite(path)[0] for path in revisions(folder, kind)]
    base = replayed([listing(0, [piece.text for piece in sqlite_base()])], dialect="sqlite")
    return judged(listings, version=18, schema=base, dialect="sqlite", mapped=mapped)


def sqlite_base() -> list[Piece]:
    """The statements of what stands before the pairs for SQLite."""
    return [piece for part in _SQLITE_BASE.split(";\n\x00") for piece in split_sqlite(part) if piece.text]


def ran_on_sqlite(path: Path) -> tuple[RevisionListing, str, list[tuple[Any, ...]]]:
    """Run one example on SQLite: what it executed, the failure ("" for none), and the rows that its `loses` has."""
    module = load(path)
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    statements: list[Statement] = []
    with engine.connect() as connection:
        with connection.begin():
            for piece in sqlite_base():
                connection.exec_driver_sql(piece.text)

        def executed(_1: Any, _2: Any, sql: str, *_: Any) -> None:
            if not _LOOKS.match(sql):
                statements.append(Statement(len(statements) + 1, sql.strip(), Source(str(path), 1)))

        sa.event.listen(engine, "before_cursor_execute", executed)
        fault = ""
        context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
        try:
            with (
                warnings.catch_warnings(),
                context.begin_transaction(_per_migration=True),
                Operations.context(context),
            ):
                warnings.simplefilter("ignore")  # of what reflection leaves out, which is the example's point
                module.upgrade()
        except sa.exc.DBAPIError as error:
            fault = str(error.orig)
        sa.event.remove(engine, "before_cursor_execute", executed)
        asked = getattr(module, "loses", "")
        left = [tuple(row) for row in connection.exec_driver_sql(asked)] if asked else []
    engine.dispose()
    revision = Revision(module.revision, (), (), (), "", str(path), "0" * 64)
    return RevisionListing(revision, "upgrade", tuple(statements), None), fault, left


_LOOKS = re.compile(r"\s*(?:pragma (?:main|temp)\.|select )", re.IGNORECASE)


@cache
def _base(folder: Path) -> Schema:
    return replayed([listing(0, [base_of(folder)])])


def _render(path: Path, module: ModuleType, direction: Direction = "upgrade") -> RevisionListing:
    revision = Revision(module.revision, (), (), (), "", str(path), "0" * 64)
    statements: list[Statement] = []
    alone: list[bool] = [False]
    context = MigrationContext.configure(
        dialect=postgresql.dialect(paramstyle="named"), opts={"as_sql": True, "output_buffer": _Nowhere()}
    )
    impl: Any = context.impl

    def take(text: str) -> None:
        sql = text.strip().removesuffix(";").strip()
        if sql:
            source = Source(str(path), _line(str(path)))
            statements.append(Statement(len(statements) + 1, sql, source, autocommit=alone[0]))

    impl.static_output = take
    impl.emit_commit = lambda: alone.__setitem__(0, True)
    impl.emit_begin = lambda: alone.__setitem__(0, False)
    reason = None
    with Operations.context(context):
        try:
            getattr(module, direction)()
        except Exception as fault:
            reason = str(fault)
    return RevisionListing(revision, direction, tuple(statements), reason)


class _Nowhere:
    def write(self, text: str) -> None: ...
    def flush(self) -> None: ...


def _line(path: str) -> int:
    line: int = next(frame.f_lineno for frame in _frames() if frame.f_code.co_filename == path)
    return line


def _frames() -> Iterator[Any]:
    frame = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back  # type: ignore[assignment]


def run(path: Path, engine: sa.engine.Engine) -> None:
    """Run one example in a transaction of its own, as alembic does with transaction_per_migration."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
        with context.begin_transaction(_per_migration=True), Operations.context(context):
            load(path).upgrade()
