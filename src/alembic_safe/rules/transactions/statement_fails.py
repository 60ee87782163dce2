"""A statement that this server version refuses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.quick import dataclass
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_THERE_OR_GONE = re.compile(r"\((?:42P07|42701|42710|42P01|42703)\)$")

# what no rule of indexes says
_REFUSED = re.compile(r"\((42P07|42P01|0A000)\)$")


def _look(place: Place) -> Iterator[Hit]:
    # a drop without CASCADE of what other rules name is refused all the same
    if place.facts.fails and (place.reading.kind != "create index" or _REFUSED.search(place.facts.fails)):
        yield Hit(
            f"fails on PostgreSQL {place.version}: {place.facts.fails}",
            "",
            tuple(o.name for o in place.reading.objects),
            severity=Severity.WARNING if _may_be_caught(place) else None,
            fails=True,
        )


def _may_be_caught(place: Place) -> bool:
    """Whether the revision may go on all the same: it asks first, or tries it and catches the error.

    A rendered `create_all()`, or `create(checkfirst=True)`, shows the statement though it will look first; and what a
    function of the project does around it is not seen. In a transaction the error ends all that follows (25P02),
    but for a savepoint.
    """
    if not _THERE_OR_GONE.search(place.facts.fails):
        return False
    kinds = [one.reading.kind for one in place.before_in_revision()]
    opened = kinds.count("savepoint") > kinds.count("release") + kinds.count("rollback to savepoint")
    source = place.statement.statement.source
    called = _Call.at(place.revision.text, source.line) if source is not None else None
    if called is None:
        return opened or not place.in_transaction
    return not called.alembics or (called.tried and (opened or not place.in_transaction))


@dataclass(frozen=True, slots=True)
class _Call:
    """What a line of a revision calls. `tried`: inside a `try` that catches."""

    alembics: bool
    tried: bool

    @staticmethod
    def at(text: str, line: int) -> _Call | None:
        """None where nothing is called there, or that is not to be had."""
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return None
        around = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line)
        ]
        innermost = max(around, key=lambda node: (node.lineno, -(node.end_lineno or 0)), default=None)
        # the outermost call is walked to first
        call = next((node for node in ast.walk(innermost or tree) if isinstance(node, ast.Call)), None)
        if innermost is None or call is None:
            return None
        tried = any(isinstance(node, ast.Try) and node.handlers for node in around)
        return _Call(_is_alembics(call.func), tried)


def _is_alembics(called: ast.expr) -> bool:
    """`op.add_column`, `batch_op.add_column`, `op.get_bind().execute`, `connection.execute`."""
    if isinstance(called, ast.Attribute) and called.attr in ("execute", "exec_driver_sql"):
        return True
    while isinstance(called, ast.Attribute | ast.Call):
        called = called.value if isinstance(called, ast.Attribute) else called.func
    return isinstance(called, ast.Name) and called.id in ("op", "batch_op", "batch")


RULE = Rule(
    id="statement-fails",
    severity=Severity.ERROR,
    hazard="transaction",
    summary="The server refuses the statement, for its version or for what depends on what it drops.",
    why=(
        "A foreign key NOT VALID on a partitioned table before 18, NOT ENFORCED and NOT NULL constraints before 18, "
        "SET EXPRESSION before 17, DETACH CONCURRENTLY beside a DEFAULT partition: the upgrade fails here. Before 18 "
        "such a foreign key goes on each partition NOT VALID, is validated there, and then on the parent. DROP without "
        "CASCADE of what a view, a foreign key, a column or a constraint needs is refused on each version (2BP01)."
    ),
    recipe=(
        "op.execute('ALTER TABLE events_1 ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users NOT VALID')\n"
        "op.execute('ALTER TABLE events_1 VALIDATE CONSTRAINT fk')  # in the next revision\n"
    ),
    covers=("foreign-key-not-valid-on-partitioned", "column-type-blocked-by-dependents"),
    look=_look,
)
