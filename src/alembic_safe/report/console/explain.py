"""`explain` for people: the page of one rule, or the list of all."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from alembic_safe.model.results import ExplainResult, RulePage
from alembic_safe.report.console.check import code
from alembic_safe.report.console.page import BAD, DOUBTFUL, QUIET, STRONG, View, columns, indented, line
from alembic_safe.report.wording import clean, count

_STYLES = {"error": BAD, "warning": DOUBTFUL, "note": QUIET}


def explain(result: ExplainResult, view: View) -> Iterator[RenderableType]:
    """One rule at length; several as a table."""
    if len(result.rules) == 1:
        yield from _page(result.rules[0])
    elif result.rules:
        rows = [
            (
                Text(clean(rule.id), style=STRONG),
                Text(rule.severity, style=_STYLES[rule.severity]),
                clean(rule.summary),
            )
            for rule in result.rules
        ]
        yield columns(rows)
        yield ""
        yield line((f"{count(len(rows), 'rule')}; `alembic-safe explain RULE` shows one at length", QUIET))


def _page(rule: RulePage) -> Iterator[RenderableType]:
    yield line(
        (clean(rule.id), STRONG),
        "  ",
        (rule.severity, _STYLES[rule.severity]),
        (f"  ({clean(rule.hazard)})", QUIET),
    )
    yield indented(line(clean(rule.summary)))
    yield ""
    yield line(("what the server does", STRONG))
    yield indented(line(clean(" ".join(rule.why.split()))))
    if rule.recipe:
        yield ""
        yield line(("write instead", STRONG))
        yield code(rule.recipe, 4, verbose=True)
    yield ""
    yield line(("to let it pass", STRONG))
    yield indented(line(f"# alembic-safe: allow {clean(rule.id)} because REASON"), 4)
    yield indented(line(f"alembic-safe check --allow '{clean(rule.id)}=REASON' ..."), 4)
