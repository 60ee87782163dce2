"""Findings beside what `upgrade`, `downgrade` and `plan` say: those that refuse whole, the others on a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from alembic_safe.model.results import ReportedFinding
from alembic_safe.report.console.check import STYLES, finding, place_of
from alembic_safe.report.console.page import QUIET, STRONG, View, indented, line
from alembic_safe.report.wording import clean


def findings(found: Sequence[ReportedFinding], view: View) -> Iterator[RenderableType]:
    """What refuses comes last, so that it stands right above the error. Notes are shown when asked for more."""
    for one in found:
        if not one.stops and (one.severity != "note" or one.allowed is not None or view.verbose):
            yield from _briefly(one, view)
    hidden = sum(not one.stops and one.severity == "note" and one.allowed is None for one in found)
    if hidden and not view.verbose:
        yield line((f"{hidden} note{'' if hidden == 1 else 's'} (-v shows them)", QUIET))
    for one in found:
        if one.stops:
            yield ""
            yield from finding(one, view)


def _briefly(found: ReportedFinding, view: View) -> Iterator[RenderableType]:
    allowed = ("allowed: ", QUIET) if found.allowed is not None else ""
    yield line(
        (place_of(found, view), STRONG), "  ", allowed, (found.severity, STYLES[found.severity]),
        f"  {clean(found.rule)}", (f"  (revision {clean(found.revision)})" if found.revision else "", QUIET),
    )  # fmt: skip
    yield indented(line(clean(found.allowed if found.allowed is not None else found.message)))
