"""A pending revision's statements without a database: run in alembic's as_sql mode, one revision at a time.

Each statement keeps its line. A revision that needs a connection is reported as not inspectable with what it
had shown by then; it does not hide the others.
"""

from __future__ import annotations

import io
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext

from alembic_safe.bridge.worker import asking, explain, graph, refusal, sleeping
from alembic_safe.bridge.worker.link import StoppedError
from alembic_safe.bridge.worker.locate import Locator
from alembic_safe.bridge.worker.masking import mask_sql
from alembic_safe.model.revisions import Direction, RevisionListing, Statement

_SECONDS = 10.0


def render(
    environment: EnvironmentContext,
    online: MigrationContext,
    step: Any,
    direction: Direction,
    arguments: dict[str, Any],
    *,
    with_values: bool = False,
) -> RevisionListing:
    """The listing of one step. Whatever the revision raises is part of the listing, not an error.

    `with_values`: the literals of DML stay as they are, for judging; whoever shows or keeps them masks them.
    """
    revision = graph.describe(step.revision)
    locator = Locator(revision.path)
    collected: list[Statement] = []
    reason, at = None, None
    context = _offline(environment, online)
    asked = asking.Asked(locator)
    _collect(context, locator, collected, str if with_values else mask_sql)
    if with_values:
        _write_values_out(context)
    try:
        with (
            _current(environment, context),
            asked.watched(environment, context),
            refusal.nothing_reached(),
            sleeping.not_waited_for(),
            _in_time(),
            Operations.context(context),
        ):
            step.migration_fn(**arguments)
    except StoppedError:
        raise
    except BaseException as error:  # also SystemExit: any way out of a rendered revision is a fact about it
        reason, at = explain.describe(error), locator.of(error)
    if reason is None and asked.at is not None:
        reason, at = (
            "it asks whether it is only rendered (offline), and may do something else when it is not",
            asked.at,
        )
    return RevisionListing(revision, direction, tuple(collected), reason, at)


class TooLongError(BaseException):
    """Not an Exception, so that a loop which tries again does not swallow it."""


@contextmanager
def _in_time() -> Iterator[None]:
    """Bound the rendering: a loop that waits for rows, or a question at the terminal, would never end."""

    def late(number: int, frame: Any) -> None:
        raise TooLongError(f"it took longer than {_SECONDS:g} s to show its statements")

    kept = signal.signal(signal.SIGALRM, late)
    # again and again, for a revision with a bare `except:`
    signal.setitimer(signal.ITIMER_REAL, _SECONDS, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)


def _offline(environment: EnvironmentContext, online: MigrationContext) -> MigrationContext:
    """A context like env.py's own, but writing text. DML keeps its placeholders: values are not shown."""
    options = {
        **online.opts,
        "as_sql": True,
        "literal_binds": False,
        "output_buffer": io.StringIO(),
        "output_encoding": None,
        "transaction_per_migration": True,
        "on_version_apply": (),
    }
    del options["output_encoding"]
    return MigrationContext.configure(
        dialect=_named_dialect(online.dialect),
        environment_context=environment,
        opts=options,
    )


def _named_dialect(online: Any) -> Any:
    """The same dialect with `:name` parameters: the drivers' own styles double every percent sign."""
    try:
        dialect = type(online)(paramstyle="named")
    except Exception:
        return online  # a dialect of its own making; its text is shown as it writes it
    for attribute in ("server_version_info", "default_schema_name"):
        value = getattr(online, attribute, None)
        if value is not None:
            setattr(dialect, attribute, value)
    return dialect


def _collect(
    context: MigrationContext, locator: Locator, into: list[Statement], mask: Callable[[str], str]
) -> None:
    """Take over the impl's output: one call there is one statement."""
    impl: Any = context.impl
    autocommit = False

    def take(text: str, rows: int | None = None) -> None:
        sql = text.strip().removesuffix(impl.command_terminator).strip()
        if sql and not sql.startswith("-- Running"):
            source = locator.here()
            into.append(Statement(len(into) + 1, mask(sql), source, rows=rows, autocommit=autocommit))

    def bulk_insert(table: Any, rows: list[dict[str, Any]], multiinsert: bool = True) -> None:
        if rows:
            values: dict[Any, Any] = {key: sa.bindparam(str(key)) for key in rows[0]}
            take(
                str(table.insert().values(values).compile(dialect=context.dialect)),
                len(rows),
            )

    def in_autocommit(now: bool) -> None:
        nonlocal autocommit
        autocommit = now

    impl.static_output = take
    impl.bulk_insert = bulk_insert
    # COMMIT and BEGIN around an autocommit block are alembic's, not the revision's
    impl.emit_commit, impl.emit_begin = partial(in_autocommit, True), partial(in_autocommit, False)


def _write_values_out(context: MigrationContext) -> None:
    """Bound values as literals, where SQLAlchemy can write them; else the placeholders stay."""
    impl: Any = context.impl
    execute = impl._exec

    def with_values(*arguments: Any, **keywords: Any) -> Any:
        impl.literal_binds = True
        try:
            return execute(*arguments, **keywords)
        except (sa.exc.CompileError, NotImplementedError):
            impl.literal_binds = False
            return execute(*arguments, **keywords)

    impl._exec = with_values


@contextmanager
def _current(environment: EnvironmentContext, context: MigrationContext) -> Iterator[None]:
    """Make `context` what `alembic.context` answers with, offline mode included."""
    real: Any = environment
    kept, options = real._migration_context, real.context_opts
    real._migration_context = context
    real.context_opts = {**options, "as_sql": True}
    try:
        yield
    finally:
        real._migration_context, real.context_opts = kept, options
